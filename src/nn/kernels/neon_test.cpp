// The NEON activations against the reference: all 65,536 inputs of each.
#if defined(__aarch64__)
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "nn/kernels/neon/gates.h"
#include "nn/kernels/reference/gates.h"

namespace millwright::nn::neon {
namespace {

std::vector<int16_t> AllValues() {
  std::vector<int16_t> values(65536);
  std::iota(values.begin(), values.end(), int16_t{-32768});
  return values;
}

TEST(Neon, LogisticEqualsTheReferenceEverywhere) {
  std::vector<int16_t> want = AllValues(), got = want;
  reference::ApplyLogistic(want);
  ApplyLogistic(got.data(), got.size() / kBlockUnits);
  EXPECT_EQ(got, want);
}

TEST(Neon, TanhEqualsTheReferenceEverywhereForEveryCellScale) {
  const std::vector<int16_t> in = AllValues();
  for (int integer_bits = 0; integer_bits <= 6; ++integer_bits) {
    std::vector<int16_t> want(in.size()), got(in.size());
    reference::ApplyTanh(integer_bits, in, want);
    ApplyTanh(integer_bits, in.data(), got.data(), in.size() / kBlockUnits);
    EXPECT_EQ(got, want) << integer_bits << " integer bits";
  }
}

TEST(Neon, OddCountsOfRegistersAreDone) {
  std::vector<int16_t> want(7 * kBlockUnits);
  std::iota(want.begin(), want.end(), int16_t{-2000});
  std::vector<int16_t> got = want;
  reference::ApplyLogistic(want);
  ApplyLogistic(got.data(), 7);
  EXPECT_EQ(got, want);
}

}  // namespace
}  // namespace millwright::nn::neon
#endif
