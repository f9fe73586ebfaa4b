// The LSTM on aarch64: input products of several steps at once, each block of weights read once for
// all streams, blocks split over the team.
#pragma once

#include <memory>

#include "nn/kernels/neon/products.h"
#include "nn/lstm_runner.h"

namespace millwright::nn::neon {

[[nodiscard]] std::unique_ptr<const LstmRunner> MakeLstmRunner(const LstmWeights& weights,
                                                               const Products& products);

}  // namespace millwright::nn::neon
