// Alarms in time: how often falsely, how much is missed, which events are found and how late. No
// point adjustment: a step counts for what it says.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.h"

namespace millwright::trainer {

enum class Truth : uint8_t { kHealthy, kAnomaly, kNeutral };

struct Moment {
  Nanos ts = 0;
  Truth truth = Truth::kHealthy;
  bool alarm = false;
};

/// One run, in order of time.
struct Verdicts {
  std::string run;
  std::vector<Moment> moments{};
};

struct Detection {
  double far = 0;  // share of healthy moments with an alarm
  double mar = 0;  // share of anomalous moments without one
  int events_total = 0;
  int events_found = 0;       // with an alarm at any moment of the event
  double delay_s_median = 0;  // over the events found, from the event's first moment; NaN for none
  double delay_s_p90 = 0;
  int false_alarms = 0;  // separate alarms that begin in healthy time
  double healthy_s = 0;
  double healthy_moments = 0, anomalous_moments = 0;
};

/// An event is an unbroken stretch of anomalous moments. Neutral moments count for nothing.
[[nodiscard]] Detection MeasureDetection(std::span<const Verdicts> runs);

}  // namespace millwright::trainer
