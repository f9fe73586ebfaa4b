// May a new model take the live one's place? By figures of both, and of the simple methods, on the
// same windows that neither was trained on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::hub::retrain {

/// What `millwright-train compare` reports. An error is the mean of the share of healthy moments
/// with an alarm and of anomalous moments without one: 0 is perfect, a method that always alarms
/// has 0.5.
struct Figures {
  double live = 0, candidate = 0;  // errors of the INT8 models, decision rule included
  double t2 = 0, rms = 0, always = 0;
  int64_t runs = 0, runs_better = 0, runs_worse = 0;  // candidate against live, run by run
  int64_t events = 0;                                 // in those runs
};

/// kInvalid: no JSON object, a figure is missing, or an error lies outside 0..1.
[[nodiscard]] Result<Figures> ReadFigures(std::string_view json);

struct Judgement {
  bool promote = false;
  std::string words{};  // why, or why not
};

/// It must beat the live model and each simple method, on at least one event, and must not be worse
/// on more runs than it is better on.
[[nodiscard]] Judgement Judge(const Figures& figures);

}  // namespace millwright::hub::retrain
