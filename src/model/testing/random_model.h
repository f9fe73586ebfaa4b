// Random INT8 LSTM models for tests, oracles and fuzz seeds: the shapes, masks, scales and edges
// that converters emit and some that they should not. A seed always gives the same model.
#pragma once

#include <cstdint>

#include "model/graph.h"

namespace millwright::model::testing {

struct RandomModelOptions {
  uint64_t seed = 1;
  int32_t units_max = 72;
  int32_t inputs_max = 48;
  int32_t steps_max = 40;
};

/// 1 to 3 stacked LSTMs, then the last step, all steps or the flattened sequence, then 1 to 3
/// heads. Every operator that the engine runs occurs over the seeds; scales are such that gates and
/// cells use and exceed their range.
[[nodiscard]] Graph RandomModel(const RandomModelOptions& options);

}  // namespace millwright::model::testing
