// A layer's weights as the kernels read them: block after block of 16 units, each block straight
// through, and the plan of its cell.
#pragma once

#include "nn/aligned_memory.h"
#include "nn/kernels/packed/kernels.h"
#include "nn/lstm_weights.h"

namespace millwright::nn::packed {

[[nodiscard]] constexpr size_t GroupsOf(size_t values) { return (values + 3) / 4; }

/// Weights [block][groups][4 gates][16 units][4], biases [block][4 gates][16 units] with the
/// kernels' value offset folded in. What is padded is zero.
class PackedMatrix {
 public:
  enum class Side : uint8_t { kInput, kRecurrent };
  PackedMatrix(const LstmWeights& weights, Side side, int32_t value_offset);

  [[nodiscard]] const int8_t* block(size_t b) const { return weights_ + b * block_bytes_; }
  [[nodiscard]] const int32_t* bias(size_t b) const { return bias_ + b * kRowSums; }
  [[nodiscard]] size_t groups() const { return groups_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  size_t groups_, block_bytes_, bytes_;
  AlignedMemory memory_;
  int8_t* weights_;
  int32_t* bias_;
};

[[nodiscard]] CellPlan MakeCellPlan(const LstmWeights& weights);

/// Whether -128 is among the weights; the converter never writes it.
[[nodiscard]] bool HasLeastWeight(const LstmWeights& weights);

}  // namespace millwright::nn::packed
