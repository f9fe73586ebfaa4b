// exp, logistic and tanh in fixed point, 16 and 32 bits wide, bit for bit as gemmlowp computes them
// (its fixedpoint.h gives the method: a Taylor step on [-1/4, 0), a barrel shifter for the rest,
// Newton-Raphson for the division). A value "Qm" has m integer bits; Q0 is a fraction in [-1, 1).
#pragma once

#include <cstdint>
#include <limits>

#include "nn/fixed_point.h"

namespace millwright::nn::reference {

template <typename T>
struct Raw;

template <>
struct Raw<int16_t> {
  static constexpr int kBits = 16;
  using Wide = int32_t;  // holds any sum or difference of two
  static int16_t Multiply(int16_t a, int16_t b) { return MulHigh16(a, b); }
  static int16_t Wrap(int32_t x) { return static_cast<int16_t>(x); }
  // The last sum of the exponential may touch 1.0; 16-bit types saturate there.
  static int16_t AddLast(int16_t a, int16_t b) { return Saturate16(int32_t{a} + b); }
};

template <>
struct Raw<int32_t> {
  static constexpr int kBits = 32;
  using Wide = int64_t;
  static int32_t Multiply(int32_t a, int32_t b) { return MulHigh32(a, b); }
  static int32_t Wrap(int64_t x) { return static_cast<int32_t>(x); }
  static int32_t AddLast(int32_t a, int32_t b) { return Wrap(int64_t{a} + b); }
};

/// Constants are published with 32 bits; narrower types round them.
template <typename T>
[[nodiscard]] constexpr T FixedConstant(int32_t value) {
  if constexpr (Raw<T>::kBits == 32) {
    return value;
  } else {
    const int32_t half_up = (value + (1 << 15)) >> 16;  // no constant here lies on a tie
    return static_cast<T>(half_up);
  }
}

/// x * 2^kExponent, saturating.
template <int kExponent, typename T>
[[nodiscard]] T SaturatingShiftLeft(T x) {
  constexpr int32_t kThreshold =
      static_cast<int32_t>((int64_t{1} << (Raw<T>::kBits - 1 - kExponent)) - 1);
  if (x > kThreshold) return std::numeric_limits<T>::max();
  if (x < -kThreshold) return std::numeric_limits<T>::min();
  return static_cast<T>(int64_t{x} * (int64_t{1} << kExponent));
}

template <typename T>
[[nodiscard]] T RoundingShift(T x, int exponent) {
  return static_cast<T>(RoundingShiftRight(x, exponent));
}

/// exp(a) for a in [-1/4, 0), Q0 to Q0.
template <typename T>
[[nodiscard]] T ExpNearZero(T a) {
  using R = Raw<T>;
  constexpr T kExpMinusEighth = FixedConstant<T>(1895147668);
  constexpr T kThird = FixedConstant<T>(715827883);
  const T x = R::Wrap(a + (1 << (R::kBits - 1 - 3)));  // around -1/8
  const T x2 = R::Multiply(x, x);
  const T x3 = R::Multiply(x2, x);
  const T x4 = R::Multiply(x2, x2);
  const T cubic = R::Wrap(R::Multiply(R::Wrap(RoundingShift(x4, 2) + x3), kThird) + x2);
  const T rest = R::Wrap(x + RoundingShift(cubic, 1));
  return R::AddLast(kExpMinusEighth, R::Multiply(kExpMinusEighth, rest));
}

/// exp(a) for a <= 0; a is Q`kIntegerBits`, the result Q0.
template <int kIntegerBits, typename T>
[[nodiscard]] T ExpOfNegative(T a) {
  using R = Raw<T>;
  constexpr int kFraction = R::kBits - 1 - kIntegerBits;
  constexpr T kQuarter = static_cast<T>(T{1} << (kFraction - 2));
  const T low = static_cast<T>((a & (kQuarter - 1)) - kQuarter);
  T result = ExpNearZero<T>(static_cast<T>(int64_t{low} * (int64_t{1} << kIntegerBits)));
  const T remainder = R::Wrap(typename R::Wide{low} - a);
  // exp(-2^k) for k = -2 .. 4: one factor for each bit of the remainder.
  constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308,
                                  39332535,   720401,     242};
#pragma GCC unroll 7
  for (int k = -2; k <= 4; ++k) {
    if (kIntegerBits > k) {
      const T scaled = R::Multiply(result, FixedConstant<T>(kFactors[k + 2]));
      result = (remainder & static_cast<T>(T{1} << (kFraction + k))) != 0 ? scaled : result;
    }
  }
  if constexpr (kIntegerBits > 5) {
    constexpr T kMinus32 = static_cast<T>(-(int64_t{1} << (kFraction + 5)));
    result = a < kMinus32 ? T{0} : result;
  }
  return a == 0 ? std::numeric_limits<T>::max() : result;
}

/// Newton-Raphson for 2 / (1 + a), a in (0, 1) as Q0; the quotient is Q2.
template <typename T>
[[nodiscard]] T TwoOverOnePlus(T a) {
  using R = Raw<T>;
  constexpr T k48Over17 = FixedConstant<T>(1515870810);
  constexpr T kMinus32Over17 = FixedConstant<T>(-1010580540);
  constexpr T kOneQ2 = static_cast<T>(T{1} << (R::kBits - 1 - 2));
  // (a + 1.0) / 2 rounded away from zero; a is never negative here.
  const T half = static_cast<T>((int64_t{a} + std::numeric_limits<T>::max() + 1) / 2);
  T x = R::Wrap(k48Over17 + R::Multiply(half, kMinus32Over17));
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const T error = R::Wrap(kOneQ2 - R::Multiply(half, x));
    x = R::Wrap(typename R::Wide{x} + SaturatingShiftLeft<2, T>(R::Multiply(x, error)));
  }
  return x;
}

/// 1 / (1 + a) for a in (0, 1), Q0.
template <typename T>
[[nodiscard]] T OneOverOnePlus(T a) {
  return SaturatingShiftLeft<1, T>(TwoOverOnePlus(a));  // half of a Q2 is a Q1
}

/// 1 / (1 + exp(-a)); a is Q`kIntegerBits`, the result Q0.
template <int kIntegerBits, typename T>
[[nodiscard]] T Logistic(T a) {
  using R = Raw<T>;
  const T minus_magnitude = a > 0 ? R::Wrap(-typename R::Wide{a}) : a;
  const T upper = OneOverOnePlus(ExpOfNegative<kIntegerBits, T>(minus_magnitude));
  const T lower = R::Wrap(typename R::Wide{std::numeric_limits<T>::max()} - upper);
  constexpr T kHalf = FixedConstant<T>(1 << 30);
  return a == 0 ? kHalf : a > 0 ? upper : lower;
}

/// tanh(a); a is Q`kIntegerBits`, the result Q0.
template <int kIntegerBits, typename T>
[[nodiscard]] T Tanh(T a) {
  using R = Raw<T>;
  constexpr T kOneQ2 = static_cast<T>(T{1} << (R::kBits - 1 - 2));
  const T minus_magnitude = a > 0 ? R::Wrap(-typename R::Wide{a}) : a;
  // exp(2a): the same bits with one integer bit more.
  const T power = ExpOfNegative<kIntegerBits + 1, T>(minus_magnitude);
  const T magnitude = SaturatingShiftLeft<2, T>(R::Wrap(TwoOverOnePlus(power) - kOneQ2));
  return a == 0 ? T{0} : a > 0 ? magnitude : R::Wrap(-typename R::Wide{magnitude});
}

}  // namespace millwright::nn::reference
