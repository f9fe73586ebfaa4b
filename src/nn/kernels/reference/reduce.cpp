#include "nn/kernels/reference/reduce.h"

#include <algorithm>
#include <bit>

namespace millwright::nn::reference {
namespace {

// Calls function(input index, output index) for each input element, in order.
template <typename Function>
void ForEach(const ReduceShape& shape, Function function) {
  std::array<int64_t, kReduceAxesMax> index{};
  int64_t out = 0;
  for (size_t i = 0; i < shape.inputs; ++i) {
    function(i, static_cast<size_t>(out));
    for (size_t axis = 0; axis < shape.depth; ++axis) {
      out += shape.axes[axis].out_pitch;
      if (++index[axis] < shape.axes[axis].count) break;
      out -= shape.axes[axis].out_pitch * shape.axes[axis].count;
      index[axis] = 0;
    }
  }
}

}  // namespace

Multiplier MeanMultiplier(Multiplier ratio, int64_t count) {
  int shift = 63 - std::countl_zero(static_cast<uint64_t>(count));
  shift = std::min({shift, 32, 31 + ratio.shift});
  return {.mantissa = static_cast<int32_t>((int64_t{ratio.mantissa} << shift) / count),
          .shift = ratio.shift - shift};
}

void Mean(const ReduceShape& shape, const MeanScale& scale, const int8_t* in, int32_t* sums,
          int8_t* out) {
  std::fill_n(sums, shape.outputs, 0);
  ForEach(shape, [&](size_t from, size_t to) {
    sums[to] = static_cast<int32_t>(static_cast<uint32_t>(sums[to]) +
                                    static_cast<uint32_t>(int32_t{in[from]}));
  });
  for (size_t i = 0; i < shape.outputs; ++i) {
    const auto centred =
        static_cast<int32_t>(static_cast<uint32_t>(sums[i]) - static_cast<uint32_t>(scale.offset));
    const int64_t mean = int64_t{Scale(centred, scale.by)} + scale.zero_point;
    out[i] = static_cast<int8_t>(std::clamp<int64_t>(mean, -128, 127));
  }
}

void ReduceMax(const ReduceShape& shape, const int8_t* in, int8_t* out) {
  std::fill_n(out, shape.outputs, static_cast<int8_t>(-128));
  ForEach(shape, [&](size_t from, size_t to) { out[to] = std::max(out[to], in[from]); });
}

}  // namespace millwright::nn::reference
