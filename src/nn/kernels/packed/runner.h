// Runs one LSTM layer with a set of packed kernels: input products hoisted out of the time loop in
// chunks, several streams to a weight pass, blocks of units divided among the team.
#pragma once

#include <memory>

#include "nn/kernels/packed/kernels.h"
#include "nn/lstm_runner.h"

namespace millwright::nn::packed {

/// Null where `kernels` cannot run this layer.
[[nodiscard]] std::unique_ptr<const LstmRunner> MakeLstmRunner(const LstmWeights& weights,
                                                               const Kernels& kernels);

}  // namespace millwright::nn::packed
