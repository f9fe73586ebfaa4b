// The inner loops: int8 products of eight units' four gates with one vector or with four, summed in
// int32. All sums are exact, so every loop gives the same ones.
//
// Weights of a block of 8 units: [columns / 4][4 gates][2 x 4 units], 128 bytes for 4 columns. What
// the 16 bytes of 4 units hold is the loops' own business (`pack`), and so is how a vector is laid
// out (`spread`): vectors that are multiplied together lie interleaved, a "bundle" of 1 or 4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nn/lstm_weights.h"

namespace millwright::nn::neon {

inline constexpr size_t kBlockUnits = 8;
inline constexpr size_t kBlockSums = kGates * kBlockUnits;  // [4 gates][8 units] int32
inline constexpr size_t kBundle = 4;
/// Weight bytes of a block for one column.
inline constexpr size_t kColumnBytes = kGates * kBlockUnits;

/// How many products of one lane a 16-bit sum holds without overflow, whatever the vector: the
/// deeper, the fewer instructions. A matter of the weights, known at load.
enum class Depth : uint8_t { kOne, kTwo, kFour };
inline constexpr size_t kDepths = 3;

/// sums = start + weights x vector; both [4 gates][8 units].
using MultiplyOne = void (*)(const int8_t* weights, const int8_t* vector, size_t columns,
                             const int32_t* start, int32_t* sums);

/// The same for a bundle of four and half a block (two gates: `weights`, `start` and `sums` point
/// at its first). Vector v starts at start + v * start_stride and ends at sums + v * kBlockSums.
using MultiplyFour = void (*)(const int8_t* weights, const int8_t* vectors, size_t columns,
                              const int32_t* start, size_t start_stride, int32_t* sums);

struct Products {
  size_t columns_multiple;  // columns are padded to it
  size_t vector_bytes;      // of one vector for columns_multiple columns
  bool depth_matters;       // else every loop is exact for all weights
  std::array<MultiplyOne, kDepths> one;
  std::array<MultiplyFour, kDepths> four;
  /// Puts the weights of 4 units for 4 columns in order: in [4 units][4 columns], out 16 bytes.
  void (*pack)(const int8_t in[4][4], int8_t out[16]);
  /// Writes `count` values, which begin at column `first` (a multiple of 8), as vector `v` of a
  /// bundle of `bundle`. Up to the next multiple of 8 columns the rest is zero.
  void (*spread)(const int8_t* values, size_t first, size_t count, size_t bundle, size_t v,
                 int8_t* out);
};

extern const Products kWidening;    // ARMv8.0: SMULL, SMLAL, SADALP
extern const Products kDotProduct;  // ARMv8.2: SDOT

}  // namespace millwright::nn::neon
