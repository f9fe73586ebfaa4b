// One LSTM layer as every kernel set gets it: raw weights with folded biases and multipliers.
// Integer form as in TensorFlow Lite's "8x8_16": int8 inputs and weights, int16 cell.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/fixed_point.h"

namespace millwright::nn {

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

}  // namespace millwright::nn
