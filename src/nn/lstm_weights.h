// One LSTM layer as every kernel set gets it: raw weights with folded biases and multipliers.
// Integer form as in TensorFlow Lite's "8x8_16": int8 inputs and weights, int16 cell.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/fixed_point.h"

namespace millwright::nn {

/// Layer normalization of one gate: coefficients x normalized + bias.
struct LstmNorm {
  const int16_t* coefficients = nullptr;  // [units]; null: none
  const int32_t* bias = nullptr;          // [units]; it is then no part of input_bias
  Multiplier scale;                       // of the coefficients
  int32_t variance_guard = 1;             // what a variance below 1 counts as
};

/// One unit's peephole. The peer's vector loop takes sixteen units at a time and rounds halves up
/// there; those that are left over it rounds away from zero.
struct LstmPeephole {
  int16_t weight = 0;
  bool rounds_up = false;
};

/// One gate: two products, each brought to Q3.12 on its own (merging the two would change bits).
struct LstmGate {
  const int8_t* input_weights = nullptr;        // [units][inputs]
  const int8_t* recurrent_weights = nullptr;    // [units][outputs]
  std::vector<int32_t> input_bias{};            // bias - input zero point x row sum
  std::vector<int32_t> recurrent_bias{};        // - state zero point x row sum
  Multiplier input_scale{}, recurrent_scale{};  // to 2^-12, or to the scale that is normalized
  std::vector<LstmPeephole> peephole{};         // [units], times the cell; empty: none
  Multiplier peephole_scale{};
  LstmNorm norm{};
};

enum Gate : size_t { kInputGate = 0, kForgetGate = 1, kCellGate = 2, kOutputGate = 3, kGates = 4 };

/// A dense layer between the units and the output, inside the recurrence.
struct LstmProjection {
  const int8_t* weights = nullptr;  // [outputs][units]; null: none
  size_t outputs = 0;
  std::vector<int32_t> bias{};  // bias + hidden zero point x row sum
  Multiplier scale{};           // projection scale x hidden scale / output scale
  int32_t output_zero_point = 0;
  int8_t clip = 0;  // 0: none
};

struct LstmWeights {
  size_t inputs = 0, units = 0;
  std::array<LstmGate, kGates> gates;
  bool couples_input_gate = false;  // CIFG: the input gate is one minus the forget gate
  int cell_scale_log2 = -15;        // scale of the cell state = 2^this, -15..-9
  int16_t cell_clip = 0;            // 0: none
  Multiplier hidden_scale;          // 2^-30 / hidden scale
  int32_t hidden_zero_point = 0;
  LstmProjection projection{};

  /// Of the hidden state and of each step's output.
  [[nodiscard]] size_t outputs() const {
    return projection.weights == nullptr ? units : projection.outputs;
  }
  /// As Keras makes it: four gates and nothing else. Fast runners take no other layer.
  [[nodiscard]] bool is_plain() const {
    return !couples_input_gate && projection.weights == nullptr &&
           gates[kOutputGate].peephole.empty() && gates[kOutputGate].norm.coefficients == nullptr;
  }
};

}  // namespace millwright::nn
