// What follows the products: sums to gates, gates and cell to hidden state. Whole blocks of 8
// units; lanes beyond the layer's units compute something harmless.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/kernels/neon/panel.h"
#include "nn/lstm_weights.h"

namespace millwright::nn::neon {

/// The input products of some blocks and `count` vectors from `first` on, rescaled to Q3.12: block
/// b's [4 slots][8 units] of vector first + v go to out + v * stride + b * kBlockSums.
void RescaleInput(const BlockSums* sums, size_t blocks, size_t first, size_t count,
                  const Rescales& rescales, int16_t* out, size_t stride);

/// The recurrent products of some blocks and vector v, rescaled on their own, plus what
/// RescaleInput made of the inputs: input [blocks][4 slots][8 units], out [4 slots][8 * blocks].
void RescaleRecurrent(const BlockSums* sums, size_t blocks, size_t v, const Rescales& rescales,
                      const int16_t* input, int16_t* out);

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
