// Fleets of simulated gateways under drift::FleetWatch.
#pragma once

#include <cstdint>
#include <vector>

namespace millwright::bench {

constexpr int kFleetSize = 500;

/// A year of healthy fleets, and at its end error rates that jump: what a trigger does on both.
struct HealthyFigures {
  int64_t device_weeks = 0;
  int64_t label_retrains = 0, feature_retrains = 0;  // false ones
  int64_t accusations = 0;                           // device-weeks accused, no retrain by itself
  std::vector<int> labels_to_detect;                 // accuracy about 0.95 -> 0.80
  std::vector<int> labels_any_device;                // any device, 0.15 worse than before
};
[[nodiscard]] HealthyFigures RunHealthy(int fleets, int threads);

/// Fleets of which some gateways' features have moved.
struct MixedFigures {
  int64_t fleet_weeks = 0;
  double false_share_sum = 0;  // of the accused, summed over fleet-weeks
  int64_t drifted_weeks = 0, found_weeks = 0;
  int64_t drifted = 0, retrained = 0;  // devices, within eight weeks
  int64_t healthy = 0, retrained_healthy = 0;
};
[[nodiscard]] MixedFigures RunMixed(int fleets, int threads);

}  // namespace millwright::bench
