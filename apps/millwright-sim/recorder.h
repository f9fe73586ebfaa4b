// --record: writes each machine of a plant as a labelled recording, as fast as the machine
// computes.
#pragma once

#include <string>

#include "core/result.h"
#include "core/time.h"
#include "json_lines.h"
#include "machines/plant.h"

namespace millwright::sim {

/// When the recorded plant's time begins: the same for a seed, whenever it is made.
[[nodiscard]] Nanos RecordedStart(uint64_t seed);

/// Writes `folder`/<asset>/ for every machine. Labels: NEUTRAL from a fault's onset to where it is
/// physically developed (machines::kDevelopedSeverity), ANOMALY from there. Shows its progress on
/// standard error.
[[nodiscard]] Result<void> RecordPlant(machines::Plant& plant, const std::string& folder,
                                       double seconds, JsonLines& truth);

}  // namespace millwright::sim
