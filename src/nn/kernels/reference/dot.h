// The one loop that nearly all time goes into; the first thing an AVX2 or NEON file replaces.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millwright::nn::reference {

/// out[r] = bias[r] + sum over c of weights[r * columns + c] * x[c], exact in int32 (columns <=
/// kDotColumnsMax; the bias is added with wrap, as the peer's int32 accumulator does).
void MatrixVector(const int8_t* weights, const int32_t* bias, const int8_t* x, size_t rows,
                  size_t columns, int32_t* out);

inline constexpr size_t kDotColumnsMax = size_t{1} << 16;  // 2^16 * 128 * 128 = 2^30

}  // namespace millwright::nn::reference
