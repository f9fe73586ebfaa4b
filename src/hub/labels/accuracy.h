// How right each gateway is, by what people said: few, late labels, leaning on the gateway's cohort
// until it has enough of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "drift/accuracy.h"
#include "store/database.h"

namespace millwright::hub {

/// A cohort is a machine class: gateways that do the same work.
struct CohortAccuracy {
  std::string cohort;
  int64_t devices = 0, right = 0, labels = 0;
  drift::CohortPrior prior{};
};

struct DeviceAccuracy {
  std::string device, site, cohort;
  int64_t right = 0, labels = 0;
  int64_t false_alarms = 0, missed = 0;  // the wrong ones
  drift::Estimate estimate{};            // shrunk to the cohort, 95 %
  /// Evidence that the error rate has risen by 0.15 over what the gateway's first labels showed: 1
  /// is an alarm, which a healthy gateway raises once in two million labels. Nothing where gateway
  /// and cohort have too few labels for such a promise.
  std::optional<double> evidence{};
  bool risen = false;  // an alarm was raised within the time that was asked for
};

struct FleetAccuracy {
  std::vector<CohortAccuracy> cohorts{};
  std::vector<DeviceAccuracy> devices{};  // worst estimate first
};

/// Labels that arrived in [from, to). Right: an alarm that was confirmed, a fault of a range or a
/// work order during which an alarm stood, a healthy range without one. What is NEUTRAL counts on
/// neither side. At most the newest 100,000 labels.
[[nodiscard]] Result<FleetAccuracy> LoadAccuracy(store::Database& database, Nanos from, Nanos to);

}  // namespace millwright::hub
