// Two models over recorded runs, as a gateway would play them: its machines, its pairing.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "slots/trial.h"

namespace millwright::bench {

struct PairRequest {
  std::string old_bundle, new_bundle, data;
  std::vector<std::string> runs;  // ids; empty: all
};

/// One run's pairs of windows that do not overlap, in order of time.
struct PairedRun {
  std::string id;
  std::vector<slots::Pair> pairs;
};

[[nodiscard]] Result<std::vector<PairedRun>> PairRuns(const PairRequest& request);

}  // namespace millwright::bench
