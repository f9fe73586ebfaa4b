// The 16-bit exp, logistic and tanh of kernels/reference/fixed_exp.h, several registers at a time:
// each is one long chain of dependent instructions, so that a core works on kWide of them at once.
// Equal for every one of the 65,536 inputs (neon_test.cpp).
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace millwright::nn::neon {

template <size_t kWide>
struct Lanes {
  int16x8_t v[kWide];
};

template <size_t kWide, typename Function, typename... More>
[[gnu::always_inline]] inline Lanes<kWide> Map(Function function, const Lanes<kWide>& first,
                                               const More&... more) {
  Lanes<kWide> out;
#pragma GCC unroll 8
  for (size_t i = 0; i < kWide; ++i) out.v[i] = function(first.v[i], more.v[i]...);
  return out;
}

template <size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> Product(const Lanes<kWide>& a, const Lanes<kWide>& b) {
  return Map<kWide>([](int16x8_t x, int16x8_t y) { return vqrdmulhq_s16(x, y); }, a, b);
}
template <size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> Product(const Lanes<kWide>& a, int16_t b) {
  const int16x8_t y = vdupq_n_s16(b);
  return Map<kWide>([y](int16x8_t x) { return vqrdmulhq_s16(x, y); }, a);
}

/// exp(a) for a in [-1/4, 0), Q0 to Q0.
template <size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> ExpNearZero(const Lanes<kWide>& a) {
  constexpr int16_t kExpMinusEighth = 28918;  // exp(-1/8)
  constexpr int16_t kThird = 10923;
  const int16x8_t eighth = vdupq_n_s16(1 << 12);
  const auto x = Map<kWide>([=](int16x8_t v) { return vaddq_s16(v, eighth); }, a);
  const auto x2 = Product<kWide>(x, x);
  const auto x3 = Product<kWide>(x2, x);
  const auto x4 = Product<kWide>(x2, x2);
  // Neither x4 nor the cubic is ever negative: halves up is halves away from zero.
  const auto inner =
      Map<kWide>([](int16x8_t p, int16x8_t q) { return vrsraq_n_s16(p, q, 2); }, x3, x4);
  const auto cubic = Map<kWide>([](int16x8_t p, int16x8_t q) { return vaddq_s16(p, q); },
                                Product<kWide>(inner, kThird), x2);
  const auto rest =
      Map<kWide>([](int16x8_t p, int16x8_t q) { return vrsraq_n_s16(p, q, 1); }, x, cubic);
  const int16x8_t base = vdupq_n_s16(kExpMinusEighth);
  return Map<kWide>([=](int16x8_t v) { return vqaddq_s16(base, v); },
                    Product<kWide>(rest, kExpMinusEighth));
}

/// exp(a) for a < 0; a is Q`kIntegerBits`, the result Q0. What it gives for a = 0 is not used.
template <int kIntegerBits, size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> ExpOfNegative(const Lanes<kWide>& a) {
  constexpr int kFraction = 15 - kIntegerBits;
  constexpr int16_t kQuarter = 1 << (kFraction - 2);
  // a = low - remainder, low in [-1/4, 0): low is a with all bits above set, and the remainder's
  // bits are those that are clear in a.
  const int16x8_t above = vdupq_n_s16(-kQuarter);
  auto result = ExpNearZero<kWide>(
      Map<kWide>([=](int16x8_t v) { return vshlq_n_s16(vorrq_s16(v, above), kIntegerBits); }, a));
  // exp(-2^k) for k = -2 .. 4: one factor for each bit of the remainder.
  constexpr int16_t kFactors[] = {25520, 19875, 12055, 4435, 600, 11, 0};
#pragma GCC unroll 7
  for (int k = -2; k <= 4; ++k) {
    if (kIntegerBits <= k) continue;
    const int16x8_t bit = vdupq_n_s16(static_cast<int16_t>(1 << (kFraction + k)));
    const auto scaled = Product<kWide>(result, kFactors[k + 2]);
    const auto choose = [=](int16x8_t r, int16x8_t s, int16x8_t v) {
      return vbslq_s16(vtstq_s16(v, bit), r, s);
    };
    result = Map<kWide>(choose, result, scaled, a);
  }
  if constexpr (kIntegerBits > 5) {
    const int16x8_t least = vdupq_n_s16(static_cast<int16_t>(-(1 << (kFraction + 5))));
    const auto drop = [=](int16x8_t r, int16x8_t v) {
      return vbicq_s16(r, vreinterpretq_s16_u16(vcltq_s16(v, least)));
    };
    result = Map<kWide>(drop, result, a);
  }
  return result;
}

/// Newton-Raphson for 2 / (1 + a), a in (0, 1) as Q0; the quotient is Q2.
template <size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> TwoOverOnePlus(const Lanes<kWide>& a) {
  const int16x8_t one = vdupq_n_s16(32767), one_q2 = vdupq_n_s16(8192);
  const int16x8_t start = vdupq_n_s16(23130);  // 48/17
  const auto half = Map<kWide>([=](int16x8_t v) { return vrhaddq_s16(v, one); }, a);
  auto x = Map<kWide>([=](int16x8_t v) { return vaddq_s16(start, v); },
                      Product<kWide>(half, -15420));  // -32/17
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const auto error =
        Map<kWide>([=](int16x8_t v) { return vsubq_s16(one_q2, v); }, Product<kWide>(half, x));
    x = Map<kWide>([](int16x8_t p, int16x8_t q) { return vaddq_s16(p, vqshlq_n_s16(q, 2)); }, x,
                   Product<kWide>(x, error));
  }
  return x;
}

template <size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> MinusMagnitude(const Lanes<kWide>& a) {
  return Map<kWide>([](int16x8_t v) { return vminq_s16(v, vnegq_s16(v)); }, a);
}

/// 1 / (1 + exp(-a)); a is Q3.12, the result Q0.15.
template <size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> Logistic(const Lanes<kWide>& a) {
  const auto quotient = TwoOverOnePlus<kWide>(ExpOfNegative<3, kWide>(MinusMagnitude<kWide>(a)));
  const int16x8_t one = vdupq_n_s16(32767), half = vdupq_n_s16(16384);
  return Map<kWide>(
      [=](int16x8_t v, int16x8_t q) {
        const int16x8_t upper = vqshlq_n_s16(q, 1);
        const int16x8_t either = vbslq_s16(vcgtzq_s16(v), upper, vsubq_s16(one, upper));
        return vbslq_s16(vceqzq_s16(v), half, either);
      },
      a, quotient);
}

/// tanh(a); a is Q`kIntegerBits`, the result Q0.15.
template <int kIntegerBits, size_t kWide>
[[gnu::always_inline]] inline Lanes<kWide> Tanh(const Lanes<kWide>& a) {
  // exp(2a): the same bits with one integer bit more.
  const auto quotient =
      TwoOverOnePlus<kWide>(ExpOfNegative<kIntegerBits + 1, kWide>(MinusMagnitude<kWide>(a)));
  const int16x8_t one_q2 = vdupq_n_s16(8192);
  return Map<kWide>(
      [=](int16x8_t v, int16x8_t q) {
        const int16x8_t magnitude = vqshlq_n_s16(vsubq_s16(q, one_q2), 2);
        const int16x8_t either = vbslq_s16(vcgtzq_s16(v), magnitude, vnegq_s16(magnitude));
        return vbicq_s16(either, vreinterpretq_s16_u16(vceqzq_s16(v)));
      },
      a, quotient);
}

}  // namespace millwright::nn::neon
