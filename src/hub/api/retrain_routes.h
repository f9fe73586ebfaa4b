// /api/v1/retrains: jobs of retraining and the lineage they leave; ask, approve, cancel, read the
// log.
#pragma once

#include "http/router.h"
#include "hub/api/context.h"
#include "hub/retrain/loop.h"

namespace millwright::hub {

/// Without `retrains` the list is what an earlier configuration left, and to ask is a 409.
void AddRetrainRoutes(http::Router& router, const ApiContext& context, retrain::Retrains* retrains,
                      const retrain::Options& options);

}  // namespace millwright::hub
