#include "nn/kernels/neon/panel.h"

#include <algorithm>
#include <cstdlib>

namespace millwright::nn::neon {
namespace {

// A bundle of four walks a block in pieces of so many columns: eight hidden states (12 KB a piece)
// and half a block's weights (6 KB) then stay in a first-level cache of 32 KB, whatever the units.
constexpr size_t kPieceColumns = 384;

constexpr size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// The most that any lane's `products` weights add up to in magnitude. With vectors of -128..127 a
// 16-bit sum is safe up to 255: 255 * 128 < 2^15.
int LargestLaneSum(const int8_t* packed, size_t columns, size_t products) {
  int most = 0;
  // Lanes of a register are bytes (i, i + 8); a deeper sum adds the next four columns' register.
  const size_t registers = products == 4 ? 2 : 1;
  for (size_t c = 0; c < columns; c += 4 * registers) {
    const int8_t* turn = packed + c * kColumnBytes;
    for (size_t i = 0; i < 4 * kColumnBytes; ++i) {
      if (i % 16 >= 8) continue;
      int sum = 0;
      for (size_t r = 0; r < registers; ++r) {
        const int8_t* lane = turn + r * 4 * kColumnBytes + i;
        sum += std::abs(lane[0]) + std::abs(lane[8]);
      }
      most = std::max(most, sum);
    }
  }
  return most;
}

Depth DeepestExact(const int8_t* packed, size_t columns) {
  constexpr int kLaneSumMax = 255;
  if (LargestLaneSum(packed, columns, 4) <= kLaneSumMax) return Depth::kFour;
  if (LargestLaneSum(packed, columns, 2) <= kLaneSumMax) return Depth::kTwo;
  return Depth::kOne;  // two weights of -128 meet
}

}  // namespace

Rescale ToRescale(Multiplier multiplier) {
  return {.mantissa = multiplier.mantissa,
          .left = std::max(multiplier.shift, 0),
          .right = std::min(multiplier.shift, 0)};
}

Panel::Panel(const Products& products, size_t units, size_t columns,
             std::array<const int8_t*, kGates> weights,
             std::array<std::span<const int32_t>, kGates> biases,
             const std::array<Multiplier, kGates>& multipliers)
    : products_(&products), columns_(RoundUp(columns, products.columns_multiple)) {
  const size_t blocks = RoundUp(units, kBlockUnits) / kBlockUnits;
  weights_ = MakeAligned(blocks * columns_ * kColumnBytes);
  biases_.resize(blocks * kBlockSums);
  rescales_.only_right = true;
  for (size_t slot = 0; slot < kGates; ++slot) {
    const Gate gate = kGateOrder[slot];
    rescales_.of[slot] = ToRescale(multipliers[gate]);
    rescales_.only_right = rescales_.only_right && rescales_.of[slot].right < 0;
    for (size_t u = 0; u < units; ++u) {
      const size_t block = u / kBlockUnits;
      biases_[block * kBlockSums + slot * kBlockUnits + u % kBlockUnits] = biases[gate][u];
    }
  }
  for (size_t block = 0; block < blocks; ++block) {
    int8_t* packed = reinterpret_cast<int8_t*>(weights_.get()) + block * columns_ * kColumnBytes;
    PackBlock(block, units, columns, weights, packed);
    const auto depth =
        static_cast<size_t>(products.depth_matters ? DeepestExact(packed, columns_) : Depth::kFour);
    blocks_.push_back({.weights = packed,
                       .bias = &biases_[block * kBlockSums],
                       .one = products.one[depth],
                       .four = products.four[depth]});
  }
}

void Panel::PackBlock(size_t block, size_t units, size_t columns,
                      const std::array<const int8_t*, kGates>& weights, int8_t* out) const {
  for (size_t c = 0; c < columns_; c += 4) {
    for (const Gate gate : kGateOrder) {
      for (size_t first = block * kBlockUnits; first < (block + 1) * kBlockUnits; first += 4) {
        int8_t tile[4][4] = {};
        for (size_t u = first; u < std::min(first + 4, units); ++u) {
          for (size_t k = c; k < std::min(c + 4, columns); ++k)
            tile[u - first][k - c] = weights[gate][u * columns + k];
        }
        products_->pack(tile, out);
        out += sizeof(tile);
      }
    }
  }
}

void Panel::Multiply(size_t begin, size_t blocks, bool backwards, const Bundles& vectors,
                     size_t first, size_t count, BlockSums* sums) const {
  const std::ptrdiff_t step = backwards ? -1 : 1;
  const size_t start = backwards ? blocks - 1 : 0;
  const size_t fours = count / kBundle * kBundle;
  const int8_t* from = vectors.at(first);
  const Block* block = &blocks_[begin + start];
  BlockSums* to = sums + start;
  if (count == 1) {  // what a gateway with one machine does: nothing here but the call
    for (size_t i = 0; i < blocks; ++i, block += step, to += step)
      block->one(block->weights, from, columns_, block->bias, to->of[0]);
    return;
  }
  for (size_t i = 0; i < blocks; ++i, block += step, to += step) {
    if (fours > 0) MultiplyFours(*block, from, fours, *to);
    for (size_t v = fours; v < count; ++v) {
      block->one(block->weights, from + v * vectors.vector_bytes(), columns_, block->bias,
                 to->of[v]);
    }
  }
}

void Panel::MultiplyFours(const Block& block, const int8_t* vectors, size_t count,
                          BlockSums& sums) const {
  constexpr size_t kHalf = kGates / 2;
  const size_t column_bytes = products_->vector_bytes / products_->columns_multiple;
  const size_t bundle_bytes = kBundle * columns_ * column_bytes;
  for (size_t c = 0; c < columns_; c += kPieceColumns) {
    const size_t now = std::min(kPieceColumns, columns_ - c);
    const int8_t* piece = vectors + c * kBundle * column_bytes;
    for (size_t gate = 0; gate < kGates; gate += kHalf) {
      const int8_t* weights = block.weights + c * kColumnBytes + gate * 4 * kBlockUnits;
      for (size_t v = 0; v < count; v += kBundle) {
        int32_t* out = sums.of[v] + gate * kBlockUnits;
        const bool begins = c == 0;
        block.four(weights, piece + v / kBundle * bundle_bytes, now,
                   begins ? block.bias + gate * kBlockUnits : out, begins ? 0 : kBlockSums, out);
      }
    }
  }
}

}  // namespace millwright::nn::neon
