#include "slots/trial.h"

#include <gtest/gtest.h>

#include <random>

namespace millwright::slots {
namespace {

Pair Healthy(int64_t i, double change = 0) {
  return {.at = i * 3 * kSecond,
          .old_confidence = 0.9F,
          .new_confidence = static_cast<float>(0.9 + change),
          .latency_ms = 2};
}

TEST(TrialTest, PassesOnlyAfterEnoughWindowsAndTime) {
  auto trial = Trial::Make({.windows_min = 300, .time_min = 1000 * kSecond});
  for (int64_t i = 0; i <= 333; ++i) {
    EXPECT_EQ(trial->verdict(), TrialVerdict::kGoOn) << i;
    trial->Push(Healthy(i));
  }
  trial->Push(Healthy(334));
  EXPECT_EQ(trial->verdict(), TrialVerdict::kPassed);
  EXPECT_EQ(trial->reason(), "confidence changed by +0.000 over 335 windows, no worse");
}

TEST(TrialTest, ConfidenceThatFallsIsSaidInWords) {
  auto trial = Trial::Make({});
  for (int64_t i = 0; trial->verdict() == TrialVerdict::kGoOn && i < 1000; ++i)
    trial->Push(Healthy(i, -0.1));
  EXPECT_EQ(trial->verdict(), TrialVerdict::kWorse);
  EXPECT_LT(trial->count(), 200);
  EXPECT_EQ(trial->reason().substr(0, 25), "confidence fell by 0.100 ");
}

TEST(TrialTest, TheTestNearestToItsLimitStandsForAll) {
  auto trial = Trial::Make({});
  EXPECT_DOUBLE_EQ(trial->standing().log10_e, 0);
  for (int64_t i = 0; trial->verdict() == TrialVerdict::kGoOn && i < 1000; ++i)
    trial->Push(Healthy(i, -0.1));
  const Standing worse = trial->standing();
  EXPECT_GE(worse.log10_e, worse.log10_limit);
  EXPECT_GE(worse.log10_limit, 3);  // alpha is 0.001 over all tests

  auto steady = Trial::Make({});
  for (int64_t i = 0; i < 400; ++i) steady->Push(Healthy(i));
  EXPECT_LT(steady->standing().log10_e, 0);
}

// "Healthy, 0.99" about everything: confidence rises, and it never passes as long as the old model
// sees faults.
TEST(TrialTest, TheConfidentlyWrongAreSilentOnTheOldModelsAlarms) {
  auto trial = Trial::Make({.windows_min = 100, .time_min = 0});
  for (int64_t i = 0; i < 400; ++i) {
    Pair pair = Healthy(i, 0.09);
    pair.old_alarms = i % 8 == 0;
    trial->Push(pair);
  }
  EXPECT_EQ(trial->verdict(), TrialVerdict::kWorse);
  EXPECT_NE(trial->reason().find("silent on 100 %"), std::string::npos) << trial->reason();
}

TEST(TrialTest, AlarmsWhereTheOldModelSeesNoneAreWorse) {
  auto trial = Trial::Make({});
  for (int64_t i = 0; trial->verdict() == TrialVerdict::kGoOn && i < 1000; ++i) {
    Pair pair = Healthy(i);
    pair.new_alarms = i % 5 == 0;
    trial->Push(pair);
  }
  EXPECT_EQ(trial->verdict(), TrialVerdict::kWorse);
  EXPECT_NE(trial->reason().find("calls healthy"), std::string::npos) << trial->reason();
}

TEST(TrialTest, AlarmsThatNameAnotherFaultAreWorse) {
  auto trial = Trial::Make({.windows_min = 100, .time_min = 0});
  for (int64_t i = 0; trial->verdict() != TrialVerdict::kWorse && i < 1000; ++i) {
    Pair pair = Healthy(i, 0.09);
    pair.old_alarms = pair.new_alarms = i % 8 == 0;
    pair.same_class = !pair.old_alarms;
    trial->Push(pair);
  }
  EXPECT_EQ(trial->verdict(), TrialVerdict::kWorse);
  EXPECT_EQ(trial->reason().substr(0, 32), "names another fault on 100 % of ") << trial->reason();
}

// Long enough to pass, too short for a proof: it goes on, and what is no accident is found out.
TEST(TrialTest, WhatPointsAtWorseDoesNotPassBeforeItIsSettled) {
  auto trial = Trial::Make({.windows_min = 20, .time_min = 0});
  for (int64_t i = 0; trial->verdict() != TrialVerdict::kWorse && i < 1000; ++i) {
    trial->Push(Healthy(i, -0.2));
    EXPECT_NE(trial->verdict(), TrialVerdict::kPassed) << i;
  }
  EXPECT_EQ(trial->verdict(), TrialVerdict::kWorse);

  trial = Trial::Make({.windows_min = 20, .time_min = 0});
  for (int64_t i = 0; i < 24; ++i) trial->Push(Healthy(i, -0.2));
  EXPECT_EQ(trial->verdict(), TrialVerdict::kGoOn);
  for (int64_t i = 24; trial->verdict() == TrialVerdict::kGoOn && i < 1000; ++i)
    trial->Push(Healthy(i, 0.1));
  EXPECT_EQ(trial->verdict(), TrialVerdict::kPassed);
}

TEST(TrialTest, SlowDecisionsInARowAreWorseSingleOnesAreNot) {
  auto trial = Trial::Make({});
  for (int64_t i = 0; i < 40; ++i) {
    Pair pair = Healthy(i);
    pair.latency_ms = i % 4 == 0 ? 2 : 80;
    trial->Push(pair);
  }
  EXPECT_EQ(trial->verdict(), TrialVerdict::kGoOn);
  for (int64_t i = 40; i < 46; ++i) {
    Pair pair = Healthy(i);
    pair.latency_ms = 80;
    trial->Push(pair);
  }
  EXPECT_EQ(trial->verdict(), TrialVerdict::kWorse);
}

TEST(TrialTest, OptionsOutOfRangeAreNamed) {
  EXPECT_EQ(Trial::Make({.alpha = 2}).error().what, "trial: alpha is not between 0 and 1");
  EXPECT_FALSE(Trial::Make({.missed_share = 1}));
  EXPECT_FALSE(Trial::Make({.windows_min = 0}));
  EXPECT_FALSE(Trial::Make({.latency_budget_ms = 0}));
}

}  // namespace
}  // namespace millwright::slots
