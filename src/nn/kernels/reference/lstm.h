// UNIDIRECTIONAL_SEQUENCE_LSTM, int8 inputs and weights, int16 cell (TensorFlow Lite's "8x8_16"),
// with coupled gates, peepholes, layer normalization and projection.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/lstm_weights.h"

namespace millwright::nn::reference {

/// Scratch memory of one step, for a layer of so many units and outputs.
[[nodiscard]] constexpr size_t LstmScratchBytes(size_t units, size_t outputs) {
  const size_t sums = (units > outputs ? units : outputs) * sizeof(int32_t);
  return sums + units * (kGates * sizeof(int16_t) + sizeof(int8_t));
}

/// One step of one stream. x [inputs] int8; h [outputs] int8, in and out; c [units] int16, in and
/// out, scale 2^cell_scale_log2; scratch of LstmScratchBytes. Nothing here can fail: the planner
/// has checked all sizes and scales. Source: Gers et al. 2000; integer form as in TensorFlow Lite's
/// lstm_eval.cc (LstmStepInteger8x8_16).
void LstmStep(const LstmWeights& weights, const int8_t* x, int8_t* h, int16_t* c,
              std::byte* scratch);

}  // namespace millwright::nn::reference
