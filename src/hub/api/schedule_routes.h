#pragma once

#include "hub/api/context.h"
#include "hub/rollout/maintenance.h"
#include "hub/rollout/schedules.h"

namespace millwright::hub {

/// /api/v1/schedules and what people may do to one. `schedules` is null in a hub that delivers
/// nothing.
void AddScheduleRoutes(http::Router& router, const ApiContext& context, Schedules* schedules);
/// /api/v1/maintenance: the sites' windows. Null as above.
void AddMaintenanceRoutes(http::Router& router, const ApiContext& context,
                          Maintenance* maintenance);

}  // namespace millwright::hub
