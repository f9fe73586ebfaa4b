#pragma once

#include "hub/api/context.h"

namespace millwright::hub {

/// /api/v1/machines/{site}/{asset} and its /spectrum
void AddMachineRoutes(http::Router& router, const ApiContext& context);

}  // namespace millwright::hub
