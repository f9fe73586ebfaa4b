// A model file of any shape with weights as converters leave them, so that figures need no file
// from elsewhere.
#pragma once

#include <cstddef>
#include <vector>

#include "core/result.h"

namespace millwright::bench {

struct SampleShape {
  int inputs = 0, units = 0, steps = 0;
};

/// One LSTM, its last step, a dense layer, a softmax. Input weights uniform, recurrent ones normal,
/// as Keras begins them; each matrix scaled to use -127..127. The same shape gives the same bytes.
[[nodiscard]] Result<std::vector<std::byte>> MakeSampleModel(const SampleShape& shape);

}  // namespace millwright::bench
