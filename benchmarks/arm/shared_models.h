// TensorFlow Lite's recorded answers against every way that the engine has of computing them.
#pragma once

#include <cstddef>
#include <filesystem>

#include "core/result.h"
#include "nn/kernel_set.h"

namespace millwright::bench {

struct SharedTotals {
  size_t models = 0;       // that ran
  size_t unsupported = 0;  // with an operator or variant that the engine does not run
  size_t bytes_compared = 0, bytes_different = 0;
};

/// Each NAME.tflite in `folder` with NAME.{in,out,carry,lstm}.bin and NAME.json: alone, with state
/// carried on, its first LSTM's tensor; then three streams side by side on two threads.
[[nodiscard]] Result<SharedTotals> CompareSharedModels(const std::filesystem::path& folder,
                                                       nn::KernelSet set);

}  // namespace millwright::bench
