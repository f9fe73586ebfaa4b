#include "model/decision_rule.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace millwright::model {
namespace {

constexpr DecisionLimits kLimits{.watch_from = 0.5,
                                 .warning_from = 0.7,
                                 .act_from = 0.9,
                                 .persistence = 3,
                                 .of = 4,
                                 .clear_below = 0.35,
                                 .clear_after = 2};

DecisionRule MakeRule(const DecisionLimits& limits = kLimits) {
  return DecisionRule::Make(limits, 3, 0).value();
}

// A step whose faults share the score equally unless `share` of it goes to class 1.
Verdict PushScore(DecisionRule& rule, float score, float share = 0.5F) {
  const std::array<float, 3> p{1 - score, score * share, score * (1 - share)};
  return rule.Push(p);
}

std::string Levels(const std::vector<float>& scores, const DecisionLimits& limits = kLimits) {
  DecisionRule rule = MakeRule(limits);
  std::string out;
  for (const float score : scores) out += Name(PushScore(rule, score).level)[2];
  return out;  // third letters: n(one) t(watch) r(warning) t(act) -> n t r t
}

TEST(DecisionRuleTest, ALevelNeedsItsLimitInPersistenceOfTheLastSteps) {
  EXPECT_EQ(Levels({0.6F, 0.6F, 0.1F, 0.6F}), "nnnt");
  EXPECT_EQ(Levels({0.6F, 0.6F, 0.1F, 0.1F, 0.6F, 0.6F}), "nnnnnn");
}

TEST(DecisionRuleTest, AFaultWithoutEnoughOfTheOddsIsUnknownUntilItHasThem) {
  DecisionLimits limits = kLimits;
  limits.name_from = 0.7;
  DecisionRule rule = MakeRule(limits);
  Verdict verdict;
  for (int i = 0; i < 3; ++i) verdict = PushScore(rule, 0.6F, 0.6F);
  EXPECT_TRUE(verdict.changed);
  EXPECT_EQ(verdict.fault, -1);
  EXPECT_EQ(verdict.fault_probability, 0);
  int named = 0;
  for (int i = 0; i < 10; ++i) {
    verdict = PushScore(rule, 0.6F, i < 6 ? 0.95F : 0.5F);
    EXPECT_FALSE(verdict.changed);
    named += verdict.named ? 1 : 0;
    EXPECT_EQ(verdict.fault, i == 0 || i > 7 ? -1 : 1) << i;
  }
  EXPECT_EQ(named, 1) << "told once, however the odds move later";
  EXPECT_EQ(verdict.fault, -1);
}

TEST(DecisionRuleTest, WithoutALimitTheLikeliestFaultIsAlwaysNamed) {
  DecisionRule rule = MakeRule();
  for (int i = 0; i < 5; ++i) {
    const Verdict verdict = PushScore(rule, 0.6F, 0.5F);
    EXPECT_EQ(verdict.fault, 1);
    EXPECT_FALSE(verdict.named);
  }
}

TEST(DecisionRuleTest, OneSpikeNeverAlarms) {
  EXPECT_EQ(Levels({1, 0, 0, 0, 1, 0, 0, 0, 1}), std::string(9, 'n'));
}

TEST(DecisionRuleTest, RisesThroughLevelsAndReportsEachChangeOnce) {
  DecisionRule rule = MakeRule();
  std::vector<Level> changes;
  for (const float score : {0.6F, 0.6F, 0.6F, 0.8F, 0.8F, 0.8F, 0.95F, 0.95F, 0.95F, 0.95F}) {
    const Verdict verdict = PushScore(rule, score);
    if (verdict.changed) changes.push_back(verdict.level);
  }
  EXPECT_EQ(changes, (std::vector{Level::kWatch, Level::kWarning, Level::kAct}));
}

TEST(DecisionRuleTest, StaysUntilTheScoreWasLowLongEnough) {
  DecisionRule rule = MakeRule();
  for (int i = 0; i < 3; ++i) PushScore(rule, 1);
  EXPECT_EQ(rule.level(), Level::kAct);
  for (int i = 0; i < 10; ++i) PushScore(rule, 0.4F);  // between clear and watch: held
  EXPECT_EQ(rule.level(), Level::kAct);
  PushScore(rule, 0.1F);
  EXPECT_EQ(rule.level(), Level::kAct);
  const Verdict cleared = PushScore(rule, 0.1F);
  EXPECT_EQ(cleared.level, Level::kNone);
  EXPECT_TRUE(cleared.changed);
}

TEST(DecisionRuleTest, NamesTheFaultOfTheLastStepsNotOfOneStep) {
  DecisionRule rule = MakeRule();
  for (int i = 0; i < 3; ++i) PushScore(rule, 0.9F, 1.0F);
  EXPECT_EQ(PushScore(rule, 0.9F, 0.0F).fault, 1);
  for (int i = 0; i < 4; ++i) PushScore(rule, 0.9F, 0.0F);
  EXPECT_EQ(PushScore(rule, 0.9F, 0.0F).fault, 2);
}

TEST(DecisionRuleTest, TheFaultIsNeverTheHealthyClass) {
  auto rule = DecisionRule::Make(kLimits, 2, 0).value();
  EXPECT_EQ(rule.Push(std::array{1.0F, 0.0F}).fault, 1);
  auto last = DecisionRule::Make(kLimits, 2, 1).value();
  EXPECT_EQ(last.Push(std::array{0.0F, 1.0F}).fault, 0);
}

TEST(DecisionRuleTest, ResetForgets) {
  DecisionRule rule = MakeRule();
  for (int i = 0; i < 3; ++i) PushScore(rule, 1);
  rule.Reset();
  EXPECT_EQ(rule.level(), Level::kNone);
  EXPECT_EQ(PushScore(rule, 1).level, Level::kNone);
}

TEST(DecisionRuleTest, WrongLimitsAreNamed) {
  struct Case {
    const char* want;
    DecisionLimits limits;
  };
  const Case cases[] = {
      {.want = "watch_from", .limits = {.watch_from = 1.5}},
      {.want = "warning_from", .limits = {.warning_from = 0.95}},
      {.want = "clear_below", .limits = {.clear_below = 0.6}},
      {.want = "persistence", .limits = {.persistence = 11}},
      {.want = "of", .limits = {.persistence = 1, .of = 0}},
      {.want = "clear_after", .limits = {.clear_after = 0}},
  };
  for (const Case& c : cases) {
    const auto rule = DecisionRule::Make(c.limits, 2, 0);
    ASSERT_FALSE(rule) << c.want;
    EXPECT_NE(rule.error().what.find(c.want), std::string::npos) << rule.error().what;
  }
  EXPECT_FALSE(DecisionRule::Make(kLimits, 1, 0));
  EXPECT_FALSE(DecisionRule::Make(kLimits, 2, 2));
}

}  // namespace
}  // namespace millwright::model
