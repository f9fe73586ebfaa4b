// The plant's truth as JSON lines: {"ts","asset","event","fault","severity"}.
#pragma once

#include "json_lines.h"
#include "machines/plant.h"

namespace millwright::sim {

/// Writes what has happened since the last call. A sensor's event carries "channel" and "mode"
/// instead of a fault.
void WriteTruth(machines::Plant& plant, JsonLines& truth);

}  // namespace millwright::sim
