// What operators and machines ask of the hub itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/api/context.h"
#include "metrics/registry.h"

namespace millwright::hub {

/// What keeps the hub from doing its work now; empty: ready.
/// Or what will keep it from that, unless somebody sees to it.
using Readiness = std::function<std::vector<std::string>()>;

/// /healthz, /readyz, /metrics, /version, /openapi.json
void AddSystemRoutes(http::Router& router, const ApiContext& context, metrics::Registry& registry,
                     Readiness readiness, Readiness warnings = {});

/// The console's files; any other path that looks like a page gives its start page.
void SetConsole(http::Router& router);

}  // namespace millwright::hub
