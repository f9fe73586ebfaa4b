// What follows the products: sums to gates, gates and cell to hidden state. Whole blocks of 8
// units; lanes beyond the layer's units compute something harmless.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/kernels/neon/panel.h"
#include "nn/lstm_weights.h"

namespace millwright::nn::neon {

/// Sums of the input product, rescaled to Q3.12: out [4 slots][8 units].
void RescaleInput(const int32_t* sums, const std::array<Rescale, kGates>& rescales, int16_t* out);

/// Sums of the recurrent product, rescaled on their own, plus what RescaleInput made: slot s of the
/// block goes to out + s * stride.
void RescaleRecurrent(const int32_t* sums, const std::array<Rescale, kGates>& rescales,
                      const int16_t* input, int16_t* out, size_t stride);

/// The layer's constants from the gates on.
class CellRule {
 public:
  explicit CellRule(const LstmWeights& weights);
  /// gates [4 slots][8 * blocks] Q3.12, overwritten; c [8 * blocks] in and out; h [8 * blocks] out.
  void Update(int16_t* gates, size_t blocks, int16_t* c, int8_t* h) const;

 private:
  using Squash = void (*)(const int16_t* c, int16_t* out, size_t blocks);
  Squash squash_;        // tanh with the cell's integer bits
  int32_t added_shift_;  // negative
  int16_t cell_min_, cell_max_;
  Rescale hidden_;
  int32_t hidden_zero_point_;
};

/// On whole registers, for the proof that they equal the reference: `blocks` times 8 values.
void ApplyLogistic(int16_t* values, size_t blocks);
void ApplyTanh(int integer_bits, const int16_t* in, int16_t* out, size_t blocks);

}  // namespace millwright::nn::neon
