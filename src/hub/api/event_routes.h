#pragma once

#include "hub/api/context.h"

namespace millwright::hub {

/// /api/v1/events, /api/v1/stats, /api/v1/machines/{site}/{asset}/coverage
void AddEventRoutes(http::Router& router, const ApiContext& context);

}  // namespace millwright::hub
