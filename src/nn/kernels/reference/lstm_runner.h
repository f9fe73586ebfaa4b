// The runner that every other one is compared with: step by step, stream by stream.
#pragma once

#include <memory>

#include "nn/lstm_runner.h"

namespace millwright::nn::reference {

[[nodiscard]] std::unique_ptr<const LstmRunner> MakeLstmRunner(LstmWeights weights);

}  // namespace millwright::nn::reference
