// The kernel sets that are compared with the reference.
#pragma once

#include <vector>

#include "nn/kernel_set.h"

namespace millwright::nn::testing {

/// All that this machine runs but the reference, slowest first.
inline std::vector<KernelSet> FastSets() {
  std::vector<KernelSet> sets = AvailableKernelSets();
  sets.erase(sets.begin());
  return sets;
}

}  // namespace millwright::nn::testing
