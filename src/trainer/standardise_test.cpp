#include "trainer/standardise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::trainer {
namespace {

constexpr StandardiserOptions kOptions = {.step = kSecond,
                                          .commissioning = 2 * kSecond,
                                          .clip = 8,
                                          .floor_share = 1,
                                          .median_floor = true};

Series Machine(const std::string& asset, std::vector<float> rows) {
  Series s;
  s.id = s.asset = asset;
  s.features = 1;
  s.rows = std::move(rows);
  for (size_t i = 0; i < s.rows.size(); ++i) s.end_ns.push_back(static_cast<Nanos>(i) * kSecond);
  s.labels.assign(s.rows.size(), 0);
  s.usable.assign(s.rows.size(), 1);
  s.learning.assign(s.rows.size(), 0);
  return s;
}

TEST(Standardise, TheFloorIsTheDriftOfTheMedianMachine) {
  // Mean squares from each commissioning mean: 2, 8 and one that starts and stops.
  const std::vector<Series> train = {Machine("a", {0, 0, 2, 2}), Machine("b", {5, 5, 9, 9}),
                                     Machine("c", {0, 0, 900, 0})};
  auto learned = LearnGlobal(train, kOptions);
  ASSERT_TRUE(learned);
  EXPECT_NEAR(learned->deviation_floor[0], std::sqrt(8.0), 1e-5);
  StandardiserOptions all = kOptions;
  all.median_floor = false;
  learned = LearnGlobal(train, all);
  ASSERT_TRUE(learned);
  EXPECT_GT(learned->deviation_floor[0], 200);
}

TEST(Standardise, EachMachineAgainstItsOwnHealthyStart) {
  std::vector<Series> series = {Machine("a", {1, 3, 6, 1000}), Machine("b", {102, 102, 104, 90})};
  series[0].labels[3] = 1;
  const model::Manifest::Standardiser global{.mean = {0}, .deviation = {1}, .deviation_floor = {2}};
  std::vector<std::string> notes;
  ASSERT_TRUE(Standardise(series, global, kOptions, notes));
  EXPECT_EQ(series[0].rows, (std::vector<float>{-0.5F, 0.5F, 2, 8}));  // clipped
  EXPECT_EQ(series[1].rows, (std::vector<float>{0, 0, 1, -6}));
  EXPECT_EQ(series[0].learning, (std::vector<uint8_t>{1, 1, 0, 0}));
  EXPECT_TRUE(notes.empty());
}

TEST(Standardise, WithoutAHealthyStepTheTrainingSetStandsIn) {
  std::vector<Series> series = {Machine("a", {7})};
  series[0].labels[0] = 1;
  const model::Manifest::Standardiser global{.mean = {5}, .deviation = {2}, .deviation_floor = {1}};
  std::vector<std::string> notes;
  ASSERT_TRUE(Standardise(series, global, kOptions, notes));
  EXPECT_FLOAT_EQ(series[0].rows[0], 1);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_FALSE(LearnGlobal(series, kOptions));
}

}  // namespace
}  // namespace millwright::trainer
