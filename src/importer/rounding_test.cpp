#include "importer/rounding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace millwright::importer {
namespace {

constexpr size_t kInputs = 24, kOutputs = 16, kRows = 2000;

struct Case {
  std::vector<float> weights, biases;
  std::vector<std::vector<float>> rows;
  Moments moments;
  float scale = 0;
};

// Inputs that move together, as those of a machine do.
Case MakeCase() {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  Case c;
  for (size_t i = 0; i < kInputs * kOutputs; ++i) c.weights.push_back(normal(random));
  for (size_t i = 0; i < kOutputs; ++i) c.biases.push_back(normal(random));
  float peak = 0;
  for (const float w : c.weights) peak = std::max(peak, std::abs(w));
  c.scale = peak / 15;  // coarse, so that the difference is plain
  for (size_t r = 0; r < kRows; ++r) {
    const float a = normal(random), b = normal(random);
    std::vector<float> row;
    for (size_t i = 0; i < kInputs; ++i)
      row.push_back(0.5F + a + (i % 2 == 0 ? b : -b) + 0.4F * normal(random));
    c.moments.Add(std::span(row).first(10), std::span(row).subspan(10));
    c.rows.push_back(std::move(row));
  }
  return c;
}

struct ErrorOf {
  double mean = 0, squares = 0;
};

ErrorOf Error(const Case& c, const std::vector<float>& weights, const std::vector<float>& biases) {
  ErrorOf out;
  for (const auto& row : c.rows) {
    for (size_t o = 0; o < kOutputs; ++o) {
      auto error = static_cast<double>(biases[o] - c.biases[o]);
      for (size_t i = 0; i < kInputs; ++i)
        error +=
            static_cast<double>((weights[o * kInputs + i] - c.weights[o * kInputs + i]) * row[i]);
      out.mean += error / static_cast<double>(kRows * kOutputs);
      out.squares += error * error / static_cast<double>(kRows * kOutputs);
    }
  }
  return out;
}

TEST(RoundTogether, HalvesTheErrorOfRoundingEachByItself) {
  const Case c = MakeCase();
  std::vector<float> plain;
  for (const float w : c.weights) plain.push_back(std::round(w / c.scale) * c.scale);
  const Rounded rounded =
      RoundTogether(c.weights, c.biases, c.moments, [&](size_t, size_t) { return c.scale; });
  std::vector<float> together;
  for (const int8_t q : rounded.weights) together.push_back(static_cast<float>(q) * c.scale);
  const ErrorOf before = Error(c, plain, c.biases), after = Error(c, together, rounded.biases);
  EXPECT_LT(std::sqrt(after.squares), 0.5 * std::sqrt(before.squares));
  EXPECT_LT(std::abs(after.mean), 0.02 * std::sqrt(before.squares));
}

TEST(RoundTogether, LeavesWhatLiesOnTheGrid) {
  Case c = MakeCase();
  for (float& w : c.weights) w = std::round(w / c.scale) * c.scale;
  const Rounded rounded =
      RoundTogether(c.weights, c.biases, c.moments, [&](size_t, size_t) { return c.scale; });
  for (size_t i = 0; i < c.weights.size(); ++i)
    EXPECT_EQ(static_cast<float>(rounded.weights[i]) * c.scale, c.weights[i]);
  for (size_t o = 0; o < kOutputs; ++o) EXPECT_NEAR(rounded.biases[o], c.biases[o], 1e-5F);
}

// Inputs that never moved, or always together, leave nothing to divide by.
TEST(RoundTogether, StaysFiniteOnInputsWithoutInformation) {
  for (const float value : {0.0F, 1.0F, 1e6F}) {
    Moments moments;
    for (int i = 0; i < 10; ++i) moments.Add(std::vector<float>(3, value));
    const std::vector<float> weights = {0.3F, -0.2F, 0.1F}, biases = {0.5F};
    const Rounded rounded =
        RoundTogether(weights, biases, moments, [](size_t, size_t) { return 0.01F; });
    EXPECT_TRUE(std::isfinite(rounded.biases[0]));
    EXPECT_NEAR(rounded.weights[0], 30, 1);
  }
}

TEST(Moments, KeepsToItsLimit) {
  Moments moments;
  moments.Add(std::vector<float>(Moments::kSizeMax, 1.0F));
  EXPECT_TRUE(moments.empty());
}

}  // namespace
}  // namespace millwright::importer
