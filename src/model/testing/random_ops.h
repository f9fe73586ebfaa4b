// Random chains of every operator that the engine runs beside the dense LSTM models of
// random_model.h: convolutions, pools, joins, arithmetic, and LSTMs with the parts that Keras does
// not make. A seed always gives the same graph.
#pragma once

#include <cstdint>

#include "model/graph.h"

namespace millwright::model::testing {

struct RandomOpsOptions {
  uint64_t seed = 1;
  int32_t ops = 8;              // about so many
  int32_t elements_max = 4096;  // of any computed tensor
};

[[nodiscard]] Graph RandomOps(const RandomOpsOptions& options);

}  // namespace millwright::model::testing
