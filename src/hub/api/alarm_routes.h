#pragma once

#include "hub/api/context.h"

namespace millwright::hub {

/// /api/v1/alarms, /api/v1/alarms/{id}, /api/v1/alarms/{id}/window
void AddAlarmRoutes(http::Router& router, const ApiContext& context);

}  // namespace millwright::hub
