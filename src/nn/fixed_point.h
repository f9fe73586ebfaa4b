// Fixed-point primitives with exactly the rounding of gemmlowp and TensorFlow Lite's reference
// kernels. Written for speed without branches, proved equal to the published definitions by
// fixed_point_test.cpp.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace millwright::nn {

/// round(a * b / 2^31), halves up; -1 * -1 saturates. ARM's SQRDMULH.
[[nodiscard]] inline int32_t MulHigh32(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min())
    return std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}

/// round(a * b / 2^15), halves up; -1 * -1 saturates.
[[nodiscard]] inline int16_t MulHigh16(int16_t a, int16_t b) {
  const int32_t product = (int32_t{a} * b + (1 << 14)) >> 15;
  return static_cast<int16_t>(product > 32767 ? 32767 : product);
}

/// x / 2^exponent, rounded to nearest, halves away from zero. 0 <= exponent <= 31.
[[nodiscard]] inline int32_t RoundingShiftRight(int32_t x, int exponent) {
  const int32_t mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/// x * 2^shift with two's complement wrap, as the peer's code does in practice.
[[nodiscard]] inline int32_t WrappingShiftLeft(int32_t x, int shift) {
  return static_cast<int32_t>(static_cast<uint32_t>(x) << shift);
}

/// A positive real number as mantissa * 2^(shift - 31), mantissa in [2^30, 2^31) or 0.
struct Multiplier {
  int32_t mantissa = 0;
  int shift = 0;  // -31..30
};

/// Splits `real` (finite, >= 0). Too small for a shift of -31: 0. Larger than 2^30 is refused by
/// the callers.
[[nodiscard]] inline Multiplier ToMultiplier(double real) {
  if (real == 0) return {};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);
  auto mantissa =
      static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (mantissa == (int64_t{1} << 31)) {
    mantissa /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  return {static_cast<int32_t>(mantissa), shift};
}

/// x times a multiplier with TensorFlow Lite's default double rounding. Left and right part are
/// prepared once.
[[nodiscard]] inline int32_t Scale(int32_t x, Multiplier by) {
  const int left = by.shift > 0 ? by.shift : 0;
  const int right = by.shift > 0 ? 0 : -by.shift;
  return RoundingShiftRight(MulHigh32(WrappingShiftLeft(x, left), by.mantissa), right);
}

[[nodiscard]] inline int16_t Saturate16(int32_t x) {
  return static_cast<int16_t>(x > 32767 ? 32767 : x < -32768 ? -32768 : x);
}
[[nodiscard]] inline int8_t Saturate8(int32_t x) {
  return static_cast<int8_t>(x > 127 ? 127 : x < -128 ? -128 : x);
}

}  // namespace millwright::nn
