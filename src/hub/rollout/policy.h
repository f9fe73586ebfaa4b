// How a rollout proceeds: in which waves, and when it goes on, waits or stops.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millwright::hub {

struct RolloutPolicy {
  std::vector<double> waves{0.01, 0.1, 0.5, 1.0};  // shares of the fleet, rising, the last 1
  double success_share = 0.9;                      // of a wave's devices, before the next begins
  double failure_share = 0.05;  // of the devices that have ended, any wave: beyond it all stops
  int failures_min = 1;         // so many are needed at least for that
  Nanos wave_min = 10 * 60 * kSecond;  // a wave lasts at least this long
  bool approval = true;                // a person approves the last wave
  bool reverse_on_halt = false;        // gateways that took the model before it halted go back
  int64_t windows_min = 0;             // of the device's trial; 0: the device's own
  double time_min_s = -1;              // of the same; below 0: the device's own
};

/// From and to the JSON that the API takes; absent keys keep their defaults. kInvalid names the
/// key.
[[nodiscard]] Result<RolloutPolicy> ReadPolicy(std::string_view json);
[[nodiscard]] std::string WritePolicy(const RolloutPolicy& policy);

struct FleetMember {
  std::string device, site;
  bool online = false;
  Nanos last_seen = 0;
};
struct Placed : FleetMember {
  int wave = 0;
};

/// Which device comes in which wave. Every wave has at least one as long as there are any and never
/// more than its share, rounded down, otherwise; devices that are online come first, and of these
/// one of each site before a second one of any. The same fleet and seed give the same places.
[[nodiscard]] std::vector<Placed> PlanWaves(const RolloutPolicy& policy,
                                            std::vector<FleetMember> fleet, std::string_view seed);

/// Of one rollout's executions.
struct Progress {
  int64_t in_wave = 0;                // devices up to the current wave
  int64_t succeeded = 0, failed = 0;  // of them
  int64_t pending = 0;                // of them: queued or in progress
  Nanos wave_age = 0;
  int waves = 0;  // that have a device
  bool last_wave = false;
  bool approved = false;
};
enum class Verdict : uint8_t { kWait, kNextWave, kAskApproval, kHalt, kDone };
struct Judgement {
  Verdict verdict = Verdict::kWait;
  std::string reason{};  // in words, where it halts or waits for a person
};
/// More of the devices that have ended did not take the model than the policy lets pass.
[[nodiscard]] bool TooManyFailed(const RolloutPolicy& policy, const Progress& progress);
/// Of the last wave: all that will ever answer have.
[[nodiscard]] bool EnoughTook(const RolloutPolicy& policy, const Progress& progress);
[[nodiscard]] Judgement Judge(const RolloutPolicy& policy, const Progress& progress,
                              bool next_is_last);

}  // namespace millwright::hub
