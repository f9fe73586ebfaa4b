// Measures that are no race.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"

namespace millwright::bench {

/// How much of an LSTM stays as it is from one step to the next within a window.
struct Unchanged {
  size_t windows = 0;
  double hidden_share = 0, input_share = 0;
};

/// `inputs`: int8 windows of the model's input, one after another; each begins from zero state.
[[nodiscard]] Result<Unchanged> MeasureUnchanged(const std::string& model,
                                                 const std::string& inputs);

/// How many times faster a window is that moved on by one step when its first layer's inputs are
/// kept: medians of runs in turn. The model has one int8 input and one int8 output.
[[nodiscard]] Result<double> MeasureOverlap(const std::string& model, int rounds);

/// Writes a bundle whose model has some 2.3 MB of weights.
[[nodiscard]] Result<void> WriteLargeBundle(const std::string& folder);

/// Milliseconds from its folder to an engine that could run, its files not in the page cache.
[[nodiscard]] Result<double> MeasureColdLoad(const std::string& folder);

}  // namespace millwright::bench
