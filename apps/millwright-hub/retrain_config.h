// [retrain] of hub.toml.
#pragma once

#include "config/config.h"
#include "hub/retrain/loop.h"

namespace millwright::hub {

/// Without the section this hub does not retrain.
void ReadRetrain(config::Table table, retrain::Options& out);

}  // namespace millwright::hub
