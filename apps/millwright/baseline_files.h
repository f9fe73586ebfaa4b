// What a replaced gateway had learned about its machines, as the hub hands it out. Only for .cpp
// files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.h"
#include "os/files.h"

namespace millwright::cli {

/// Writes the answer's `baselines` into the agent's state folder; how many. One that is there and
/// was learned later stays. kInvalid where a name is no file's own: nothing leaves the folder.
[[nodiscard]] Result<size_t> TakeBaselines(os::Files& files, const std::string& state,
                                           const nlohmann::json& answer);

}  // namespace millwright::cli
