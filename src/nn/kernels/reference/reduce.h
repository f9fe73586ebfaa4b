// MEAN and REDUCE_MAX of int8 over any set of axes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nn/fixed_point.h"

namespace millwright::nn::reference {

inline constexpr size_t kReduceAxesMax = 8;

/// The input's axes, the innermost first; `out_pitch` is 0 along reduced ones.
struct ReduceShape {
  struct Axis {
    int64_t count = 1, out_pitch = 0;
  };
  size_t depth = 0;
  std::array<Axis, kReduceAxesMax> axes{};
  size_t inputs = 0, outputs = 0;  // elements
};

struct MeanScale {
  Multiplier by{};         // input scale / output scale / elements per mean
  int32_t offset = 0;      // input zero point x elements per mean, in the peer's wrapping int32
  int32_t zero_point = 0;  // of the output
};

/// The scale of a sum of `count` elements, as the peer folds the division into it.
[[nodiscard]] Multiplier MeanMultiplier(Multiplier ratio, int64_t count);

/// `sums` holds shape.outputs int32 of scratch.
void Mean(const ReduceShape& shape, const MeanScale& scale, const int8_t* in, int32_t* sums,
          int8_t* out);

void ReduceMax(const ReduceShape& shape, const int8_t* in, int8_t* out);

}  // namespace millwright::nn::reference
