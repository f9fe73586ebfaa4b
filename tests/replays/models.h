// Models that warn when a machine vibrates more than it learned, and whose other units do sums that
// matter: random LSTM units beside two that listen, all of them in every probability.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "os/files.h"

namespace millwright::replays {

/// A whole bundle in `folder`, honest golden vectors included. Another seed is another model.
[[nodiscard]] Result<void> WriteModel(os::Files& files, const std::string& folder, uint32_t seed);

}  // namespace millwright::replays
