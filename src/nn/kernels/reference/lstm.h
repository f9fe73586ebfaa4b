// UNIDIRECTIONAL_SEQUENCE_LSTM, int8 inputs and weights, int16 cell (TensorFlow Lite's "8x8_16").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nn/fixed_point.h"

namespace millwright::nn::reference {

/// One gate: two products, each brought to Q3.12 on its own (merging the two would change bits).
struct LstmGate {
  const int8_t* input_weights = nullptr;      // [units][inputs]
  const int8_t* recurrent_weights = nullptr;  // [units][units]
  std::vector<int32_t> input_bias;            // bias - input zero point x row sum
  std::vector<int32_t> recurrent_bias;        // - state zero point x row sum
  Multiplier input_scale, recurrent_scale;    // to 2^-12
};

enum Gate : size_t { kInputGate = 0, kForgetGate = 1, kCellGate = 2, kOutputGate = 3, kGates = 4 };

struct LstmWeights {
  size_t inputs = 0, units = 0;
  std::array<LstmGate, kGates> gates;
  int cell_scale_log2 = -15;  // scale of the cell state = 2^this, -15..-9
  int16_t cell_clip = 0;      // 0: none
  Multiplier hidden_scale;    // 2^-30 / hidden scale
  int32_t hidden_zero_point = 0;
};

/// Scratch memory of one step, in units of the layer.
[[nodiscard]] constexpr size_t LstmScratchBytes(size_t units) {
  return units * (kGates * sizeof(int16_t) + sizeof(int32_t));
}

/// One step of one stream. x [inputs] int8; h [units] int8, in and out; c [units] int16, in and
/// out, scale 2^cell_scale_log2; scratch of LstmScratchBytes. Nothing here can fail: the planner
/// has checked all sizes and scales. Source: Gers et al. 2000; integer form as in TensorFlow Lite's
/// lstm_eval.cc (LstmStepInteger8x8_16).
void LstmStep(const LstmWeights& weights, const int8_t* x, int8_t* h, int16_t* c,
              std::byte* scratch);

}  // namespace millwright::nn::reference
