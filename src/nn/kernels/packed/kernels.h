// What an instruction set brings to the packed runner: four functions on plain memory.
//
// Files that implement them are compiled for machines that this one may not be: they include only
// this header and intrinsics, and keep everything else in an anonymous namespace. An inline
// function of a common header, compiled there, could be the copy that the linker keeps for all.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millwright::nn::packed {

/// Units that are computed together: 16 int32 sums fill one 512-bit register.
inline constexpr size_t kBlockUnits = 16;
/// Streams (or steps) whose sums fit the registers beside one pass over a block's weights.
inline constexpr size_t kColumnsMax = 8;
inline constexpr size_t kGateCount = 4;  // input, forget, cell, output
/// Sums of one column of a block: [4 gates][16 units].
inline constexpr size_t kRowSums = kGateCount * kBlockUnits;
/// Bytes of a block's weights for four values: [4 gates][16 units][4].
inline constexpr size_t kGroupBytes = kRowSums * 4;

/// nn::Multiplier with its two shifts apart, and what rounding to the right takes.
struct Rescale {
  int32_t mantissa = 0;
  int32_t left = 0, right = 0;
  int32_t half = 0;  // 2^(right - 1), or 0
  int32_t away = 0;  // -1: negative halves go down; 0 where nothing is shifted out
};

struct CellPlan {
  Rescale input[kGateCount], recurrent[kGateCount], hidden;
  int32_t hidden_zero_point = 0;
  int32_t cell_bits = 0;      // integer bits of the cell state, 0..6
  int32_t product_shift = 0;  // of input gate x cell gate, 15..21
  int16_t cell_min = 0, cell_max = 0;
  /// No sum, shifted left by its scale and once more, leaves int32: the short way is exact.
  bool narrow = false;
};

/// 16 units of one stream, from sums to the new state.
struct Row {
  const int32_t* sums = nullptr;    // recurrent side, [4][16]
  const int16_t* inputs = nullptr;  // input side in Q3.12, [4][16]
  int16_t* c = nullptr;             // [16], in and out
  std::byte* h = nullptr;           // encoded, each four values `h_stride` bytes after the last
  size_t h_stride = 0;
  int8_t* out = nullptr;  // [units]
  size_t units = 0;       // 1..16 that exist
};

/// What one stage of an update hands to the next: the gates.
struct alignas(64) Carry {
  std::byte gates[kGateCount][64];
};
inline constexpr size_t kStages = 5, kStageRowsMax = 2;

struct Kernels {
  size_t value_bytes = 0;    // that four encoded values take
  int32_t value_offset = 0;  // encoded value = value + this; folded into the biases
  bool any_weight = false;   // false: -128 among the weights cannot be taken

  /// Encodes `count` values, each four `stride` bytes after the last; pads the last four with
  /// anything.
  void (*encode)(const int8_t* values, size_t count, size_t stride, std::byte* out) = nullptr;
  /// sums[column][gate][unit] = bias + weights x values for 1..8 columns. Weights are
  /// [groups][4 gates][16 units][4], values [groups][columns][value_bytes].
  void (*dot)(const int8_t* weights, size_t groups, const std::byte* values, size_t columns,
              const int32_t* bias, int32_t* sums) = nullptr;
  /// Input-side sums of some columns, each brought to Q3.12.
  void (*rescale_inputs)(const CellPlan& plan, const int32_t* sums, size_t columns,
                         int16_t* out) = nullptr;
  /// Recurrent-side sums to gates, gates to the new state, for 1..kColumnsMax rows.
  void (*update)(const CellPlan& plan, const Row* rows, size_t count) = nullptr;
  /// The same for at most `stage_rows` rows in kStages calls, one for each stage in order. Each is
  /// short enough for a processor to look beyond it: between pieces of a product that waits for
  /// memory it costs little. `carry` is kept between the calls. Null (and 0 rows) where that gains
  /// nothing.
  size_t stage_rows = 0;
  void (*update_stage)(const CellPlan& plan, const Row* rows, size_t count, size_t stage,
                       Carry& carry) = nullptr;
};

}  // namespace millwright::nn::packed
