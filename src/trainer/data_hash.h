// Which data a model was learned from, as one number for its lineage.
#pragma once

#include <span>
#include <string>

#include "core/result.h"
#include "recording/recording.h"

namespace millwright::trainer {

/// SHA-256 over ids, labels and content of all recordings' files, in order.
[[nodiscard]] Result<std::string> HashData(std::span<const recording::RecordingInfo> recordings);

}  // namespace millwright::trainer
