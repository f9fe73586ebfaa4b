#pragma once

#include "hub/api/context.h"
#include "hub/rollout/rollouts.h"

namespace millwright::hub {

/// /api/v1/releases, /api/v1/rollouts and what people may do to one. `rollouts` is null in a hub
/// that delivers nothing: what was is still shown, changes are refused.
void AddRolloutRoutes(http::Router& router, const ApiContext& context, Rollouts* rollouts);

}  // namespace millwright::hub
