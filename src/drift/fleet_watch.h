// When does a fleet ask for retraining? The whole decision over one cohort: labels and features of
// each device, the fleet's false discoveries, confirmation, rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "drift/accuracy.h"
#include "drift/error_cusum.h"
#include "drift/fleet.h"
#include "drift/healthy_tail.h"
#include "drift/samples_differ.h"

namespace millwright::drift {

struct FleetWatchOptions {
  double false_retrains_per_week = 3e-6;  // of one healthy device, by its labels
  double labels_per_week = 20;            // of one device, as many as come at most on average
  double loss = 0.15;                     // of accuracy, that shall be found soon
  double false_discoveries = 0.04;        // share of the devices accused in a week, on average
  int confirm = 3, of = 4;                // weeks accused among the last so many: retrain
  int rest_weeks = 4;                     // of a device after it has asked
  int64_t points_min = 30;                // of one cell in one week, for its test
};

/// What one device's week looked like: a histogram for each cell. A cell is one feature or score in
/// one regime (idle, load, ...): a change of shift moves points between cells, not within one.
using Week = std::vector<Histogram>;

/// A device as its model knew it: labels of its answers, and healthy weeks. All weeks have the same
/// cells, and the histograms of a cell the same edges.
struct DeviceBaseline {
  Counts labels;
  std::vector<Week> weeks;
};

/// What a week's look at the features says; device numbers, ascending.
struct WeekFindings {
  std::vector<size_t> accused;  // unlike before: ask for labels there
  std::vector<size_t> retrain;  // accused often enough, and not resting
};

/// Two ways lead to a retrain. Labels: one ErrorCusum per device, its limit computed from the
/// device's own posterior of its error rate (shrunk to the cohort's), so that devices that always
/// were a little worse do not count as drifted, and the stated rate holds on average over devices.
/// Features: per device and week the largest PSI of its cells, in units of its expectation, against
/// how large it got in the cohort's healthy weeks; Benjamini-Hochberg over the fleet, then k of n
/// weeks. Borrows nothing. Not thread-safe.
class FleetWatch {
 public:
  /// Learns from all devices' baselines. kInvalid: options out of range, no device, fewer than
  /// six healthy weeks of one, cells that do not match, fewer than 200 device-weeks in all.
  /// kConflict: histograms with different edges.
  [[nodiscard]] static Result<FleetWatch> Make(const FleetWatchOptions& options,
                                               std::span<const DeviceBaseline> devices);

  /// One label of one device's answer, whenever it arrives. True: retrain, by its labels.
  [[nodiscard]] bool PushLabel(size_t device, bool wrong);
  /// The week of all devices, in the order of Make. kInvalid where they do not match the baselines;
  /// nothing is taken then.
  [[nodiscard]] Result<WeekFindings> EndWeek(std::span<const Week> weeks);

  [[nodiscard]] size_t size() const { return devices_.size(); }
  [[nodiscard]] const CohortPrior& prior() const { return prior_; }
  /// Evidence of the device's labels: 0 none, 1 alarm.
  [[nodiscard]] double label_level(size_t device) const { return devices_[device].errors.level(); }

 private:
  struct Device {
    ErrorCusum errors;
    Week reference;
    Confirmation confirmation;
    int rest = 0;  // weeks left
  };
  FleetWatch(const FleetWatchOptions& options, HealthyTail tail)
      : options_(options), tail_(std::move(tail)) {}

  FleetWatchOptions options_;
  HealthyTail tail_;
  CohortPrior prior_{};
  std::vector<Device> devices_;
};

}  // namespace millwright::drift
