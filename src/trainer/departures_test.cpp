#include "trainer/departures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "trainer/healthy_only.h"

namespace millwright::trainer {
namespace {

constexpr int kSteps = 12, kFeatures = 2;
constexpr float kScale = 8.0F / 127;

// Two features that go together: y = x, with a little noise.
Windows Healthy(size_t rows) {
  Windows out;
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < rows; ++i) {
    const float x = normal(random);
    out.rows.push_back(x);
    out.rows.push_back(x + 0.1F * normal(random));
  }
  for (size_t i = 0; i + kSteps <= rows; i += 4) {
    out.set.first.push_back(static_cast<uint32_t>(i));
    out.set.labels.push_back(0);
    out.places.push_back({0, static_cast<uint32_t>(i)});
  }
  out.set.rows = out.rows;
  return out;
}

TEST(Departures, TheShapeKnowsHowFeaturesGoTogether) {
  const Windows healthy = Healthy(4000);
  const auto shape = LearnShape(healthy.set, kSteps, kFeatures);
  ASSERT_TRUE(shape);
  EXPECT_NEAR(shape->deviation[0], 1, 0.1);
  EXPECT_NEAR(shape->spread[0], std::sqrt(2.0), 0.15);
  EXPECT_NEAR(shape->spread[1], 0.07, 0.02);
  EXPECT_NEAR(std::abs(shape->directions[0]), std::sqrt(0.5), 0.05);
}

TEST(Departures, LieOutsideOfWhatIsHealthy) {
  const Windows healthy = Healthy(4000);
  const auto shape = LearnShape(healthy.set, kSteps, kFeatures);
  ASSERT_TRUE(shape);
  const std::vector<float> made = MakeDepartures(healthy.set, *shape, kSteps, 400, 9);
  ASSERT_EQ(made.size(), size_t{400 * kSteps * kFeatures});
  // Far in some feature, or off the line on which both go together, by its last quarter.
  size_t outside = 0;
  for (size_t i = 0; i < 400; ++i) {
    double far = 0;
    for (size_t t = kSteps - kSteps / 4; t < kSteps; ++t) {
      const auto x = static_cast<double>(made[(i * kSteps + t) * 2]);
      const auto y = static_cast<double>(made[(i * kSteps + t) * 2 + 1]);
      far = std::max({far, std::abs(x) / 3, std::abs(y) / 3, std::abs(x - y) / 0.3});
    }
    outside += far > 1 ? 1 : 0;
  }
  EXPECT_GT(outside, 380U);
  EXPECT_EQ(made, MakeDepartures(healthy.set, *shape, kSteps, 400, 9)) << "same seed, same windows";
}

TEST(Departures, AreAppendedOnTheGridAsClassOne) {
  Windows windows = Healthy(400);
  const size_t before = windows.set.size(), rows = windows.rows.size();
  const auto shape = LearnShape(windows.set, kSteps, kFeatures);
  ASSERT_TRUE(shape);
  AddDepartures(windows, *shape, kSteps, kScale, 10, 1);
  ASSERT_EQ(windows.set.size(), before + 10);
  EXPECT_EQ(windows.set.rows.data(), windows.rows.data());
  EXPECT_EQ(windows.places.size(), windows.set.size());
  EXPECT_EQ(std::ranges::count(windows.set.labels, 1), 10);
  for (size_t i = rows; i < windows.rows.size(); ++i) {
    const float steps = windows.rows[i] / kScale;
    ASSERT_NEAR(steps, std::round(steps), 1e-3);
    ASSERT_LE(std::abs(steps), 127.5F);
  }
}

using Runs = std::vector<std::vector<float>>;

TEST(SeldomMargin, IsWhatHoldsUnderPersistence) {
  // One spike in ten steps does not hold for eight of ten; a stretch of twenty does.
  std::vector<float> spikes(1000, 0);
  for (size_t i = 0; i < spikes.size(); i += 10) spikes[i] = 9;
  EXPECT_DOUBLE_EQ(SeldomMargin(Runs{spikes}, {}, 0.005), 0);
  std::vector<float> stretch(1000, 0);
  for (size_t i = 100; i < 120; ++i) stretch[i] = 4;
  EXPECT_DOUBLE_EQ(SeldomMargin(Runs{stretch}, {}, 0.005), 6) << "and half as far again";
  EXPECT_DOUBLE_EQ(SeldomMargin({}, {}, 0.005), 0);
}

TEST(HealthyOnly, HeldOutBlocksLeaveNothingTwiceAndNothingOut) {
  Series series;
  series.features = 1;
  for (int i = 0; i < 1000; ++i) {
    series.end_ns.push_back((i + 1) * kSecond);
    series.rows.push_back(static_cast<float>(i));
    series.labels.push_back(0);
    series.usable.push_back(1);
    series.learning.push_back(0);
  }
  const Series held = HoldOutBlocks(series, 0.25, 100 * kSecond);
  EXPECT_EQ(series.size() + held.size(), 1000U);
  EXPECT_NEAR(static_cast<double>(held.size()), 225, 80);
  EXPECT_GT(held.end_ns.front(), 100 * kSecond) << "commissioning stays";
  std::vector<float> all = series.rows;
  all.insert(all.end(), held.rows.begin(), held.rows.end());
  std::ranges::sort(all);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<float>(i));
}

TEST(HealthyOnly, AnomaliesOfTheDataTakeNoPart) {
  std::vector<recording::RecordingInfo> all(1);
  all[0].labels = {{0, 5, recording::Rating::kAnomaly, "valve"},
                   {5, 9, recording::Rating::kNoAnomaly, ""}};
  NeutraliseAnomalies(all);
  EXPECT_EQ(all[0].labels[0].rating, recording::Rating::kNeutral);
  EXPECT_EQ(all[0].labels[1].rating, recording::Rating::kNoAnomaly);
}

}  // namespace
}  // namespace millwright::trainer
