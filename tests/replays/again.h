// Works every stored alarm out again, from nothing but the hub's database and the models' files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::replays {

struct AgainFigures {
  int64_t replayed = 0;   // alarms: all windows of each of them
  int64_t different = 0;  // alarms of which a window gave other bits, or lacked what it needs
  int64_t windows = 0;    // raised, changed in level, cleared
  int64_t windows_distinct = 0;
  int64_t without_window = 0;  // events that tell of none, as when data ended: nothing to replay
  int64_t foreign_equal = 0;   // windows that gave the same by another model than the alarm's
};

/// `bundles`: folders of the models that were in use. A model is found by its file's hash, which is
/// compared with the file. Each window runs in a fresh session, by the fastest kernels of this
/// machine and by the reference; probabilities and score must be the stored ones, bit for bit. As a
/// control it also runs by another model, which should tell something else.
[[nodiscard]] Result<AgainFigures> ReplayAll(const std::string& database,
                                             const std::vector<std::string>& bundles);

}  // namespace millwright::replays
