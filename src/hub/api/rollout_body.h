// What people send to start or change a rollout.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "hub/rollout/rollouts.h"

namespace millwright::hub {

/// {"target", "policy"?, "sites"?, "devices"?, "dry_run"?}. kInvalid names the key.
[[nodiscard]] Result<RolloutRequest> ReadRolloutRequest(std::string_view body);
/// {"why"?} or nothing at all.
[[nodiscard]] Result<std::string> ReadWhy(std::string_view body);

}  // namespace millwright::hub
