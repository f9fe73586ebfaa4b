// The reference kernels against real arithmetic: right to within the error that their method is
// known for. That they are right to the last bit is shown by tests/oracles.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "nn/kernels/reference/dense.h"
#include "nn/kernels/reference/dot.h"
#include "nn/kernels/reference/gates.h"
#include "nn/kernels/reference/pointwise.h"

namespace millwright::nn::reference {
namespace {

std::vector<int16_t> AllValues() {
  std::vector<int16_t> values(65536);
  std::iota(values.begin(), values.end(), int16_t{-32768});
  return values;
}

TEST(Kernels, LogisticIsWithinSixteenStepsOfTheRealOne) {
  const std::vector<int16_t> in = AllValues();
  std::vector<int16_t> out = in;
  ApplyLogistic(out);
  for (size_t i = 0; i < in.size(); ++i) {
    const double real = 32768 / (1 + std::exp(-in[i] / 4096.0));
    ASSERT_NEAR(out[i], std::min(real, 32767.0), 16) << in[i];
  }
}

TEST(Kernels, TanhIsWithinSixteenStepsOfTheRealOneForEveryCellScale) {
  const std::vector<int16_t> in = AllValues();
  std::vector<int16_t> out(in.size());
  for (int integer_bits = 0; integer_bits <= 6; ++integer_bits) {
    ApplyTanh(integer_bits, in, out);
    for (size_t i = 0; i < in.size(); ++i) {
      const double real = 32768 * std::tanh(std::ldexp(in[i], integer_bits - 15));
      ASSERT_NEAR(out[i], real, 16) << in[i] << " with " << integer_bits << " integer bits";
    }
  }
}

TEST(Kernels, MatrixVectorSumsExactly) {
  const std::vector<int8_t> weights{1, -2, 3, 127, -127, 127};
  const std::vector<int8_t> x{-128, 5, 127};
  const std::vector<int32_t> bias{10, -1};
  std::vector<int32_t> out(2);
  MatrixVector(weights.data(), bias.data(), x.data(), 2, 3, out.data());
  EXPECT_EQ(out[0], 10 - 128 - 10 + 381);
  EXPECT_EQ(out[1], -1 + 127 * -128 - 127 * 5 + 127 * 127);
}

TEST(Kernels, DenseRoundsHalvesAwayFromZeroAndClamps) {
  const std::vector<int8_t> weights{1, -1, 100, 3};
  DenseWeights w{.inputs = 1,
                 .units = 4,
                 .weights = weights.data(),
                 .bias = {0, 0, 0, 0},
                 .scales = {0.5, 0.5, 1, 1},
                 .output_zero_point = 2,
                 .output_min = -128,
                 .output_max = 100};
  const std::vector<int8_t> x{5};
  std::vector<int32_t> sums(4);
  std::vector<int8_t> out(4);
  Dense(w, x.data(), sums.data(), out.data());
  EXPECT_EQ(out, (std::vector<int8_t>{5, -1, 100, 17}));
}

TEST(Kernels, SoftmaxIsADistribution) {
  SoftmaxScale scale{.input = ToMultiplier(0.1 * (1 << 26)), .diff_min = -248};
  const std::vector<int8_t> in{-128, 10, 25, 25, -3};
  std::vector<int8_t> out(in.size());
  Softmax(scale, in.data(), in.size(), out.data());
  double total = 0;
  for (const int8_t value : in) total += std::exp(0.1 * value);
  for (size_t i = 0; i < in.size(); ++i)
    EXPECT_NEAR(out[i] + 128, 256 * std::exp(0.1 * in[i]) / total, 1);
}

TEST(Kernels, QuantizeSaturatesAndKeepsNoNan) {
  const std::vector<float> in{0, 0.05F, -0.05F, 1e30F, -1e30F, std::nanf(""), INFINITY};
  std::vector<int8_t> out(in.size());
  Quantize(in.data(), in.size(), 0.1F, 3, out.data());
  EXPECT_EQ(out, (std::vector<int8_t>{3, 4, 2, 127, -128, 3, 127}));
  std::vector<float> back(out.size());
  Dequantize(out.data(), out.size(), 0.1F, 3, back.data());
  EXPECT_FLOAT_EQ(back[3], 12.4F);
}

TEST(Kernels, RequantizeMovesBetweenSignedAndUnsigned) {
  const std::vector<int8_t> in{-128, -1, 0, 127};
  std::vector<uint8_t> out(in.size());
  Requantize(in.data(), in.size(), ToMultiplier(1), 0, 128, out.data());
  EXPECT_EQ(out, (std::vector<uint8_t>{0, 127, 128, 255}));
}

}  // namespace
}  // namespace millwright::nn::reference
