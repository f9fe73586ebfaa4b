#include "nn/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::nn {
namespace {

// The published definitions (gemmlowp's fixedpoint.h), spelled with divisions and branches.
int32_t SlowMulHigh32(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  const int64_t product = int64_t{a} * b;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

int16_t SlowMulHigh16(int16_t a, int16_t b) {
  if (a == INT16_MIN && b == INT16_MIN) return INT16_MAX;
  const int32_t product = int32_t{a} * b;
  const int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return static_cast<int16_t>((product + nudge) / (1 << 15));
}

int32_t SlowShift(int32_t x, int exponent) {
  const double exact = std::ldexp(static_cast<double>(x), -exponent);
  return static_cast<int32_t>(std::round(exact));  // halves away from zero
}

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

TEST(FixedPoint, MulHighEqualsItsDefinition) {
  for (uint64_t i = 0; i < 200'000; ++i) {
    const uint64_t bits = Mix(i);
    const auto a = static_cast<int32_t>(bits), b = static_cast<int32_t>(bits >> 32);
    ASSERT_EQ(MulHigh32(a, b), SlowMulHigh32(a, b)) << a << " " << b;
    const auto c = static_cast<int16_t>(bits), d = static_cast<int16_t>(bits >> 16);
    ASSERT_EQ(MulHigh16(c, d), SlowMulHigh16(c, d)) << c << " " << d;
  }
  for (const int32_t edge : {INT32_MIN, INT32_MIN + 1, -1, 0, 1, INT32_MAX}) {
    EXPECT_EQ(MulHigh32(edge, INT32_MIN), SlowMulHigh32(edge, INT32_MIN));
  }
  for (const int16_t edge :
       {int16_t{-32768}, int16_t{-1}, int16_t{0}, int16_t{1}, int16_t{32767}}) {
    EXPECT_EQ(MulHigh16(edge, -32768), SlowMulHigh16(edge, -32768));
  }
}

TEST(FixedPoint, RoundingShiftRoundsHalvesAwayFromZero) {
  EXPECT_EQ(RoundingShiftRight(3, 1), 2);
  EXPECT_EQ(RoundingShiftRight(-3, 1), -2);
  EXPECT_EQ(RoundingShiftRight(1, 31), 0);
  EXPECT_EQ(RoundingShiftRight(INT32_MIN, 31), -1);
  for (uint64_t i = 0; i < 100'000; ++i) {
    const uint64_t bits = Mix(i);
    const auto x = static_cast<int32_t>(bits);
    const int exponent = static_cast<int>((bits >> 40) % 32);
    ASSERT_EQ(RoundingShiftRight(x, exponent), SlowShift(x, exponent)) << x << " >> " << exponent;
  }
}

TEST(FixedPoint, MultiplierKeepsThirtyOneBits) {
  EXPECT_EQ(ToMultiplier(0).mantissa, 0);
  EXPECT_EQ(ToMultiplier(0.5).mantissa, 1 << 30);
  EXPECT_EQ(ToMultiplier(0.5).shift, 0);
  EXPECT_EQ(ToMultiplier(1).shift, 1);
  EXPECT_EQ(ToMultiplier(std::ldexp(1.0, -40)).mantissa, 0) << "too small for any shift";
  // A mantissa that rounds up to 2^31 moves into the exponent.
  const Multiplier nearly_one = ToMultiplier(std::nextafter(1.0, 0.0));
  EXPECT_EQ(nearly_one.mantissa, 1 << 30);
  EXPECT_EQ(nearly_one.shift, 1);
}

TEST(FixedPoint, ScaleIsCloseToTheRealProduct) {
  for (uint64_t i = 0; i < 20'000; ++i) {
    const uint64_t bits = Mix(i);
    const auto x = static_cast<int32_t>(bits) >> 8;
    const double real =
        std::ldexp(1 + static_cast<double>(bits >> 40) * 0x1p-24, -static_cast<int>(bits % 20));
    ASSERT_NEAR(Scale(x, ToMultiplier(real)), x * real, 1.0);
  }
}

}  // namespace
}  // namespace millwright::nn
