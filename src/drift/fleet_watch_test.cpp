#include "drift/fleet_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace millwright::drift {
namespace {

constexpr int kDevices = 120;
constexpr int kWeeks = 10;
constexpr int kPoints = 336;

// One autocorrelated feature per gateway, in one regime.
class FleetWatchTest : public testing::Test {
 protected:
  FleetWatchTest() {
    for (int i = 0; i < kDevices; ++i) {
      std::vector<std::vector<float>> weeks(kWeeks);
      std::vector<float> all;
      for (auto& week : weeks) {
        week = Points(0);
        all.insert(all.end(), week.begin(), week.end());
      }
      empty_.push_back({Histogram::FromReference(all, 10)->Empty()});
      DeviceBaseline baseline{.labels = {.right = 950, .trials = 1000}, .weeks = {}};
      for (const auto& week : weeks) baseline.weeks.push_back(Count(i, week));
      baselines_.push_back(std::move(baseline));
    }
  }

  std::vector<float> Points(float shift) {
    std::vector<float> out;
    for (int i = 0; i < kPoints; ++i) {
      now_ = 0.8F * now_ + 0.6F * normal_(random_);
      out.push_back(now_ + shift);
    }
    return out;
  }
  [[nodiscard]] Week Count(int device, const std::vector<float>& points) const {
    Week week = empty_[static_cast<size_t>(device)];
    for (const float v : points) week.front().Add(v);
    return week;
  }
  // The next week of all; the first `moved` devices' features are shifted.
  std::vector<Week> NextWeek(int moved) {
    std::vector<Week> out;
    out.reserve(kDevices);
    for (int i = 0; i < kDevices; ++i) out.push_back(Count(i, Points(i < moved ? 2.0F : 0)));
    return out;
  }

  std::mt19937 random_{1};
  std::normal_distribution<float> normal_;
  float now_ = 0;
  std::vector<Week> empty_;
  std::vector<DeviceBaseline> baselines_;
};

TEST_F(FleetWatchTest, MovedFeaturesAskForLabelsFirstAndForRetrainingWhenTheyStay) {
  auto watch = FleetWatch::Make({}, baselines_);
  ASSERT_TRUE(watch) << watch.error().what;
  const std::vector<size_t> moved{0, 1, 2};
  for (int week = 1; week <= 3; ++week) {
    const auto found = watch->EndWeek(NextWeek(3));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_TRUE(std::ranges::includes(found->accused, moved)) << week;
    EXPECT_LE(found->accused.size(), 5U) << week;
    EXPECT_EQ(found->retrain, week == 3 ? moved : std::vector<size_t>{}) << week;
  }
  // Who has asked rests.
  const auto next = watch->EndWeek(NextWeek(3));
  ASSERT_TRUE(next);
  EXPECT_TRUE(std::ranges::includes(next->accused, moved));
  EXPECT_TRUE(next->retrain.empty());
}

TEST_F(FleetWatchTest, HealthyWeeksOfAutocorrelatedFeaturesAccuseHardlyAnyone) {
  auto watch = FleetWatch::Make({}, baselines_);
  ASSERT_TRUE(watch);
  size_t accused = 0, retrain = 0;
  constexpr int kLooks = 100;
  for (int week = 0; week < kLooks; ++week) {
    const auto found = watch->EndWeek(NextWeek(0));
    ASSERT_TRUE(found);
    accused += found->accused.size();
    retrain += found->retrain.size();
  }
  EXPECT_LE(accused, 20U);  // some four, by the rate asked for
  EXPECT_EQ(retrain, 0U);
}

TEST_F(FleetWatchTest, LabelsAloneAskForRetrainingAndThenRest) {
  auto watch = FleetWatch::Make({}, baselines_);
  ASSERT_TRUE(watch);
  int first = 0, alarms = 0;
  for (int i = 1; i <= 2000; ++i) {
    if (!watch->PushLabel(7, i % 5 == 0)) continue;
    if (first == 0) first = i;
    ++alarms;
  }
  EXPECT_GT(first, 20);
  EXPECT_LT(first, 250);
  EXPECT_EQ(alarms, 1);
  EXPECT_EQ(watch->label_level(8), 0);
}

TEST_F(FleetWatchTest, WhoAlwaysWasALittleWorseHasNotDrifted) {
  baselines_[5].labels = {.right = 880, .trials = 1000};
  auto watch = FleetWatch::Make({}, baselines_);
  ASSERT_TRUE(watch);
  for (int i = 1; i <= 2000; ++i) EXPECT_FALSE(watch->PushLabel(5, i % 8 == 0));
}

TEST_F(FleetWatchTest, WhatDoesNotMatchTheBaselineIsNotTaken) {
  auto watch = FleetWatch::Make({}, baselines_);
  ASSERT_TRUE(watch);
  std::vector<Week> weeks = NextWeek(0);
  std::swap(weeks[0], weeks[1]);  // another device's edges
  EXPECT_EQ(watch->EndWeek(weeks).error().code, Errc::kInvalid);
  weeks.pop_back();
  EXPECT_EQ(watch->EndWeek(weeks).error().code, Errc::kInvalid);

  EXPECT_FALSE(FleetWatch::Make({}, {}));
  EXPECT_FALSE(FleetWatch::Make({.confirm = 5, .of = 4}, baselines_));
  EXPECT_FALSE(FleetWatch::Make({.labels_per_week = 0}, baselines_));
  baselines_[3].weeks.resize(5);
  EXPECT_FALSE(FleetWatch::Make({}, baselines_));
}

TEST(HealthyTail, ItsPValuesAreAsOftenBelowAsTheySay) {
  std::mt19937_64 random(11);
  std::gamma_distribution<double> statistic(3);
  std::vector<double> healthy(5000);
  for (double& v : healthy) v = statistic(random);
  const auto tail = HealthyTail::Learn(healthy);
  ASSERT_TRUE(tail);
  int below[3] = {};
  constexpr int kLooks = 400'000;
  constexpr double kLevels[] = {0.1, 0.01, 0.0005};
  double last = 1;
  for (int i = 0; i < kLooks; ++i) {
    const double p = tail->PValue(statistic(random));
    for (size_t k = 0; k < 3; ++k) below[k] += p <= kLevels[k] ? 1 : 0;
  }
  for (size_t k = 0; k < 3; ++k) {
    const double share = static_cast<double>(below[k]) / kLooks;
    EXPECT_LT(share, 1.4 * kLevels[k]) << kLevels[k];
    EXPECT_GT(share, 0.4 * kLevels[k]) << kLevels[k];
  }
  for (int i = 0; i < 600; ++i) {
    const double x = i / 10.0;
    const double p = tail->PValue(x);
    EXPECT_LE(p, last + 1e-12) << x;
    last = p;
  }
  EXPECT_EQ(tail->PValue(NAN), 1);
}

TEST(HealthyTail, WantsWeeksEnough) {
  EXPECT_FALSE(HealthyTail::Learn(std::vector<double>(199, 1)));
  std::vector<double> values(300, 1);
  values[7] = NAN;
  EXPECT_FALSE(HealthyTail::Learn(values));
  values[7] = 1;  // all the same: nothing is ever unlike
  EXPECT_EQ(HealthyTail::Learn(values)->PValue(1), 1);
}

}  // namespace
}  // namespace millwright::drift
