// Trials on recorded pairs: whole runs, drawn again and again, so that what neighbours share stays
// as it was recorded. Few runs make many trials this way, not many machines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pairs.h"

namespace millwright::bench {

/// As `mw-rollback-bench pairs` writes them. kInvalid names the line.
[[nodiscard]] Result<std::vector<PairedRun>> ReadPairs(const std::string& file);

struct ReplayFigures {
  int trials = 0;            // of each kind
  int64_t windows_once = 0;  // all runs once, as recorded
  std::string reason_once;
  int false_rollbacks = 0;  // as recorded
  int64_t caught_05_p95 = 0, caught_10_p95 = 0;
  int wrong_promoted = 0;
};

[[nodiscard]] ReplayFigures ReplayPairs(const std::vector<PairedRun>& runs, int trials);

}  // namespace millwright::bench
