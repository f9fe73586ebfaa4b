// One of a layer's two weight matrices (input or recurrent) as the inner loops read it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nn/aligned_memory.h"
#include "nn/kernels/neon/products.h"
#include "nn/lstm_weights.h"

namespace millwright::nn::neon {

/// Gates in the order of the panels: the three that take a logistic stand together.
inline constexpr std::array<Gate, kGates> kGateOrder{kInputGate, kForgetGate, kOutputGate,
                                                     kCellGate};
enum Slot : size_t { kInputSlot, kForgetSlot, kOutputSlot, kCellSlot };

/// A Multiplier as the shift instructions take it: x << left, times mantissa, >> -right.
struct Rescale {
  int32_t mantissa = 0;
  int32_t left = 0;
  int32_t right = 0;  // <= 0
};
[[nodiscard]] Rescale ToRescale(Multiplier multiplier);

/// Those of a panel's gates, in their order.
struct Rescales {
  std::array<Rescale, kGates> of{};
  /// None shifts left and all shift right: three instructions do instead of five.
  bool only_right = false;
};

/// Vectors (inputs of several steps, hidden states of several streams) in bundles: as many of four
/// as there are, the rest one by one.
class Bundles {
 public:
  Bundles() = default;
  Bundles(const Products& products, size_t columns, size_t count, int8_t* memory)
      : products_(&products),
        vector_bytes_(columns / products.columns_multiple * products.vector_bytes),
        count_(count),
        memory_(memory) {}

  [[nodiscard]] size_t vector_bytes() const { return vector_bytes_; }
  /// The bundle that begins with vector `v`.
  [[nodiscard]] const int8_t* at(size_t v) const { return memory_ + v * vector_bytes_; }
  /// Writes values of vector `v` from column `first` (a multiple of 8) on.
  void Write(size_t v, const int8_t* values, size_t first, size_t count) const {
    const bool four = v < count_ / kBundle * kBundle;
    const size_t begin = four ? v / kBundle * kBundle : v;
    products_->spread(values, first, count, four ? kBundle : 1, v - begin,
                      memory_ + begin * vector_bytes_);
  }

 private:
  const Products* products_ = nullptr;
  size_t vector_bytes_ = 0, count_ = 0;
  int8_t* memory_ = nullptr;
};

/// How many vectors are multiplied in one call at most, and their sums for one block.
inline constexpr size_t kVectorsMax = 2 * kBundle;
struct BlockSums {
  int32_t of[kVectorsMax][kBlockSums];
};

class Panel {
 public:
  /// weights[gate]: [units][columns], gates as in LstmWeights; so are biases and multipliers.
  Panel(const Products& products, size_t units, size_t columns,
        std::array<const int8_t*, kGates> weights,
        std::array<std::span<const int32_t>, kGates> biases,
        const std::array<Multiplier, kGates>& multipliers);

  [[nodiscard]] size_t blocks() const { return blocks_.size(); }
  /// Columns with their padding.
  [[nodiscard]] size_t columns() const { return columns_; }
  [[nodiscard]] size_t bytes() const { return blocks() * columns_ * kColumnBytes; }
  [[nodiscard]] size_t vector_bytes() const {
    return columns_ / products_->columns_multiple * products_->vector_bytes;
  }
  [[nodiscard]] const Rescales& rescales() const { return rescales_; }

  /// sums[i] = bias + weights x vector first + v of block begin + i, for `blocks` blocks (from the
  /// last to the first, if `backwards`) and `count` vectors: kVectorsMax from a multiple of it on,
  /// or all that are left.
  void Multiply(size_t begin, size_t blocks, bool backwards, const Bundles& vectors, size_t first,
                size_t count, BlockSums* sums) const;

 private:
  struct Block {
    const int8_t* weights;  // [columns / 4][4 gates][2 x 4 units]
    const int32_t* bias;    // [kBlockSums]
    MultiplyOne one;        // as deep as the weights allow
    MultiplyFour four;
  };
  void PackBlock(size_t block, size_t units, size_t columns,
                 const std::array<const int8_t*, kGates>& weights, int8_t* out) const;
  void MultiplyFours(const Block& block, const int8_t* vectors, size_t count,
                     BlockSums& sums) const;

  const Products* products_;
  size_t columns_;
  AlignedMemory weights_;
  std::vector<int32_t> biases_;
  std::vector<Block> blocks_;
  Rescales rescales_;
};

}  // namespace millwright::nn::neon
