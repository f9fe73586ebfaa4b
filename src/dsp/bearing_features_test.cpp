#include "dsp/bearing_features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <set>

namespace millwright::dsp {
namespace {

constexpr double kRate = 12000, kShaft = 25;

size_t Column(std::string_view name) {
  const auto names = BearingFeatureNames();
  return static_cast<size_t>(std::ranges::find(names, name) - names.begin());
}

BearingOrders Example() { return *Orders({.elements = 8, .ball = 2, .pitch = 12}); }

// Blows on a resonance at 3 kHz, `order` times a turn, in noise of deviation 1.
std::vector<float> Blows(double order, double strength, double scale = 1) {
  std::mt19937 random(3);
  std::normal_distribution<double> noise;
  std::vector<float> out(24000);
  double y1 = 0, y2 = 0, next = 0.3;
  const double theta = 2 * std::numbers::pi * 3000 / kRate, r = 0.93;
  for (size_t i = 0; i < out.size(); ++i) {
    const double turns = kShaft * static_cast<double>(i) / kRate;
    double force = 0;
    if (turns * order >= next) {
      force = strength;
      next += 1 + 0.01 * noise(random);
    }
    const double y = 2 * r * std::cos(theta) * y1 - r * r * y2 + force;
    y2 = y1;
    y1 = y;
    out[i] = static_cast<float>(scale * (y + noise(random)));
  }
  return out;
}

BearingFeatures Features(const std::vector<float>& samples) {
  BearingDescriber describer(samples.size(), kRate);
  const auto row = describer.Describe(samples, kShaft, Example());
  EXPECT_TRUE(row) << (row ? "" : row.error().what);
  return row ? *row : BearingFeatures{};
}

// The published example of a bearing with N = 8, d = 2, D = 12 at 25 Hz: BPFO 83.3, BPFI 116.7,
// BSF 72.9, FTF 10.4 Hz.
TEST(BearingOrders, AreThoseOfTheWorkedExample) {
  const BearingOrders o = Example();
  EXPECT_NEAR(o.bpfo * 25, 83.3333, 1e-3);
  EXPECT_NEAR(o.bpfi * 25, 116.6667, 1e-3);
  EXPECT_NEAR(o.bsf * 25, 72.9167, 1e-3);
  EXPECT_NEAR(o.ftf * 25, 10.4167, 1e-3);
}

TEST(BearingOrders, AreCompletedFromTwo) {
  const BearingOrders o = Example();
  for (const BearingOrders& known :
       {BearingOrders{.bpfo = o.bpfo, .bpfi = o.bpfi, .bsf = 0, .ftf = 0},
        BearingOrders{.bpfo = o.bpfo, .bpfi = 0, .bsf = 0, .ftf = o.ftf},
        BearingOrders{.bpfo = 0, .bpfi = o.bpfi, .bsf = 0, .ftf = o.ftf}}) {
    const auto all = CompleteOrders(known);
    ASSERT_TRUE(all);
    EXPECT_NEAR(all->bpfo, o.bpfo, 1e-9);
    EXPECT_NEAR(all->bpfi, o.bpfi, 1e-9);
    EXPECT_NEAR(all->bsf, o.bsf, 1e-9);
    EXPECT_NEAR(all->ftf, o.ftf, 1e-9);
  }
  EXPECT_FALSE(CompleteOrders({}));
}

TEST(BearingFeatures, EachDefectStandsOutInItsOwnColumns) {
  struct Case {
    double order;
    const char* own;
  };
  const BearingOrders o = Example();
  for (const Case& c : {Case{o.bpfo * 0.99, "outer"}, Case{o.bpfi * 0.992, "inner"},
                        Case{2 * o.bsf * 0.985, "ball"}}) {
    const BearingFeatures row = Features(Blows(c.order, 4));
    for (const char* which : {"outer", "inner", "ball"})
      for (const char* where : {"_mean", "_white", "_any"}) {
        const float value = row[Column(std::string(which) + where)];
        if (std::string_view(which) == c.own)
          EXPECT_GT(value, 1.2) << which << where << " at order " << c.order;
        else
          EXPECT_LT(value, 1.1) << which << where << " at order " << c.order;
      }
  }
}

TEST(BearingFeatures, BlowsOfSomethingElseAreARival) {
  const BearingFeatures row = Features(Blows(4.13, 4));
  EXPECT_LT(row[Column("outer_mean")], 1.1);
  EXPECT_LT(row[Column("inner_mean")], 1.1);
  EXPECT_GT(row[Column("rival_mean")], 1);
}

TEST(BearingFeatures, ScaleAndOffsetDoNotMatter) {
  const std::vector<float> one = Blows(3.3, 4);
  std::vector<float> other = Blows(3.3, 4, 1000);
  for (float& s : other) s += 5000;
  const BearingFeatures a = Features(one), b = Features(other);
  for (size_t i = 0; i < kBearingFeatures; ++i)
    EXPECT_NEAR(a[i], b[i], 0.02) << BearingFeatureNames()[i];
}

TEST(BearingFeatures, NamesAreDistinct) {
  const auto names = BearingFeatureNames();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), kBearingFeatures);
}

TEST(BearingFeatures, SilenceIsNoDefect) {
  for (const float value : Features(std::vector<float>(24000)))
    EXPECT_TRUE(std::isfinite(value) && std::abs(value) < 4);
}

TEST(BearingFeatures, WhatCannotBeToldIsAnError) {
  const std::vector<float> samples(1200);
  BearingDescriber describer(samples.size(), kRate);
  EXPECT_FALSE(describer.Describe(samples, 25, Example()));  // 2.5 turns
  EXPECT_FALSE(describer.Describe(samples, 0, Example()));
  EXPECT_FALSE(describer.Describe(samples, 100, {}));
}

}  // namespace
}  // namespace millwright::dsp
