// kernels/reference/fixed_exp.h for vectors of int16, bit for bit (packed_test.cpp compares all
// 65536 values). MulRound is gemmlowp's rounding product without its one saturating case, -1 * -1,
// which does not occur here.
//
// `Isa` lives in an anonymous namespace, and so does what these templates become.
#pragma once

#include <cstdint>

namespace millwright::nn::packed {

template <typename Isa>
struct FixedExp {
  using Vec = typename Isa::Vec;

  /// exp(a) for a in [-1/4, 0), Q0 to Q0.
  static Vec NearZero(Vec a) {
    const Vec k_exp_minus_eighth = Isa::Set(28918), k_third = Isa::Set(10923);
    const Vec x = Isa::Add(a, Isa::Set(1 << 12));  // around -1/8
    const Vec x2 = Isa::MulRound(x, x);
    const Vec x3 = Isa::MulRound(x2, x);
    const Vec x4 = Isa::MulRound(x2, x2);
    // Neither x4 nor the cubic is negative: halves away from zero are halves up.
    const Vec quarter = Isa::template ShiftRight<2>(Isa::Add(x4, Isa::Set(2)));
    const Vec cubic = Isa::Add(Isa::MulRound(Isa::Add(quarter, x3), k_third), x2);
    const Vec rest = Isa::Add(x, Isa::HalfUp(cubic));
    return Isa::AddSaturating(k_exp_minus_eighth, Isa::MulRound(k_exp_minus_eighth, rest));
  }

  /// exp(a) for a < 0 (a = 0 gives nothing of use); a is Q`kBits`, the result Q0.
  template <int kBits>
  static Vec OfNegative(Vec a) {
    constexpr int kFraction = 15 - kBits;
    constexpr int16_t kQuarter = 1 << (kFraction - 2);
    const Vec low = Isa::Sub(Isa::And(a, Isa::Set(kQuarter - 1)), Isa::Set(kQuarter));
    Vec result = NearZero(Isa::template ShiftLeft<kBits>(low));
    const Vec remainder = Isa::Sub(low, a);
    // exp(-2^k), k = -2 .. 4.
    result = Isa::template MulRoundWhereBit<kFraction - 2>(remainder, result, 25520);
    if constexpr (kBits > -1)
      result = Isa::template MulRoundWhereBit<kFraction - 1>(remainder, result, 19875);
    if constexpr (kBits > 0)
      result = Isa::template MulRoundWhereBit<kFraction + 0>(remainder, result, 12055);
    if constexpr (kBits > 1)
      result = Isa::template MulRoundWhereBit<kFraction + 1>(remainder, result, 4435);
    if constexpr (kBits > 2)
      result = Isa::template MulRoundWhereBit<kFraction + 2>(remainder, result, 600);
    if constexpr (kBits > 3)
      result = Isa::template MulRoundWhereBit<kFraction + 3>(remainder, result, 11);
    if constexpr (kBits > 4)
      result = Isa::template MulRoundWhereBit<kFraction + 4>(remainder, result, 0);
    if constexpr (kBits > 5)
      result = Isa::ZeroWhereLess(a, static_cast<int16_t>(-(1 << (kFraction + 5))), result);
    return result;
  }

  /// 2 / (1 + a) as Q2, a in (0, 1) as Q0: three steps of Newton-Raphson.
  static Vec TwoOverOnePlus(Vec a) {
    const Vec half = Isa::Add(Isa::template ShiftRight<1>(a), Isa::Set(16384));
    Vec x = Isa::Add(Isa::Set(23130), Isa::MulRound(half, Isa::Set(-15420)));
    for (int i = 0; i < 3; ++i) {
      const Vec error = Isa::Sub(Isa::Set(8192), Isa::MulRound(half, x));
      x = Isa::Add(x, Isa::template ShiftLeft<2>(Isa::MulRound(x, error)));
    }
    return x;
  }

  /// 1 / (1 + exp(-a)); a is Q3.12, the result Q0.15.
  static Vec Logistic(Vec a) {
    const Vec two = TwoOverOnePlus(OfNegative<3>(Isa::MinusMagnitude(a)));
    return Isa::FoldLogistic(a, Isa::AddSaturating(two, two));
  }

  /// tanh(a); a has kBits integer bits, the result is Q0.15.
  template <int kBits>
  static Vec Tanh(Vec a) {
    // exp(2a): the same bits with one integer bit more.
    const Vec power = OfNegative<kBits + 1>(Isa::MinusMagnitude(a));
    const Vec less = Isa::Sub(TwoOverOnePlus(power), Isa::Set(8192));
    const Vec twice = Isa::AddSaturating(less, less);
    return Isa::SignOf(a, Isa::AddSaturating(twice, twice));
  }
};

}  // namespace millwright::nn::packed
