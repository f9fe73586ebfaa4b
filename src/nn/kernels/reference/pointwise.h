// SOFTMAX, QUANTIZE and DEQUANTIZE.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/fixed_point.h"

namespace millwright::nn::reference {

struct SoftmaxScale {
  Multiplier input;      // input scale x beta in Q5.26
  int32_t diff_min = 0;  // differences below it count as exp() = 0
};
inline constexpr size_t kSoftmaxDepthMax =
    511;  // beyond it the peer stops when all values are equal

/// One row of `depth` values; output scale 1/256, zero point -128.
void Softmax(const SoftmaxScale& scale, const int8_t* in, size_t depth, int8_t* out);

/// in and out: int8_t or uint8_t.
template <typename In, typename Out>
void Requantize(const In* in, size_t count, Multiplier by, int32_t in_zero_point,
                int32_t out_zero_point, Out* out);

/// round(x / scale) + zero point, halves away from zero, saturating; a NaN becomes the zero point.
/// (Beyond 2^31 steps and for NaN the peer's result is undefined and differs from CPU to CPU.)
template <typename Out>
void Quantize(const float* in, size_t count, float scale, int32_t zero_point, Out* out);

template <typename In>
void Dequantize(const In* in, size_t count, float scale, int32_t zero_point, float* out);

}  // namespace millwright::nn::reference
