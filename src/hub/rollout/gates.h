// How far a rollout is, and what it still has to pass: the same figures that Judge goes by.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hub/rollout/rollout.h"

namespace millwright::hub {

[[nodiscard]] Progress ProgressOf(const Rollout& rollout, std::span<const RolloutDevice> devices,
                                  Nanos now);

enum class GateResult : uint8_t { kPass, kFail, kWaiting };
[[nodiscard]] std::string_view Name(GateResult result);
struct Gate {
  std::string name{}, now{}, limit{};
  GateResult result = GateResult::kWaiting;
  std::string if_fails{};
};
/// What stands between this wave and the next; in words.
[[nodiscard]] std::vector<Gate> GatesOf(const Rollout& rollout, const Progress& progress);

}  // namespace millwright::hub
