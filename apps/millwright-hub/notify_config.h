// [notify] of hub.toml (docs/formats/notify.md).
#pragma once

#include "config/config.h"
#include "hub/notify/options.h"

namespace millwright::hub {

/// Faults between keys are told at the route they stand in.
void ReadNotify(config::Table table, notify::Options& out);

}  // namespace millwright::hub
