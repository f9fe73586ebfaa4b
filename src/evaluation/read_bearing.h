// A folder of recordings (docs/formats/recording.md) as bearing windows: every acceleration
// channel, at the shaft speed that was measured or is known, with the bearing's orders.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/bearing_windows.h"
#include "evaluation/fit.h"

namespace millwright::evaluation {

struct BearingFolder {
  Samples samples{};  // a window of each channel; group: the recording's number
  std::vector<std::string> notes{};
};

/// 0 .. 3, or -1 where the code names none of the four ("outer_race", "inner", "IR", "ball",
/// "rolling_element", "healthy", ...) or several.
[[nodiscard]] int BearingClassOf(const std::string& fault);

/// Recordings that cannot be read by physics (no shaft speed, no acceleration, too short) are left
/// out and noted; kInvalid where none is left. Memory does not grow with a recording's length.
[[nodiscard]] Result<BearingFolder> ReadBearings(const std::filesystem::path& folder,
                                                 const Say& say);

}  // namespace millwright::evaluation
