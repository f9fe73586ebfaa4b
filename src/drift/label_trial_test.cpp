#include "drift/label_trial.h"

#include <gtest/gtest.h>

#include <random>

namespace millwright::drift {
namespace {

// Labels until the new model is called worse; -1 where it is not. Shares of labels by who is right.
struct Labels {
  double new_wrong, old_wrong, both_wrong;
};
int LabelsUntilWorse(LabelTrial trial, const Labels& labels, uint64_t seed, int most) {
  std::mt19937_64 random(seed);
  for (int i = 1; i <= most; ++i) {
    double u = static_cast<double>(random() >> 11) * 0x1p-53;
    bool old_right = true, new_right = true;
    if ((u -= labels.new_wrong) < 0) {
      new_right = false;
    } else if ((u -= labels.old_wrong) < 0) {
      old_right = false;
    } else if (u < labels.both_wrong) {
      old_right = new_right = false;
    }
    if (trial.Push(old_right, new_right)) return i;
  }
  return -1;
}

int FalseRollbacks(const LabelTrialOptions& options, const Labels& labels, int trials) {
  const auto trial = LabelTrial::Make(options);
  EXPECT_TRUE(trial);
  int out = 0;
  for (int i = 0; i < trials; ++i)
    out += LabelsUntilWorse(*trial, labels, 100 + static_cast<uint64_t>(i), 1500) > 0;
  return out;
}

// A looser alpha than the default shows the rate with few trials.
TEST(LabelTrial, AnEquallyGoodModelIsRolledBackAsSeldomAsStated) {
  constexpr int kTrials = 2000;
  const LabelTrialOptions known{.alpha = 0.02, .old_error_max = 0.145};
  for (const double apart : {0.02, 0.06, 0.12})
    EXPECT_LE(FalseRollbacks(known, {apart, apart, 0.14 - apart}, kTrials), 55) << apart;
  const LabelTrialOptions paired{.alpha = 0.02};
  for (const double apart : {0.02, 0.14})
    EXPECT_LE(FalseRollbacks(paired, {apart, apart, 0.1}, kTrials), 55) << apart;
}

TEST(LabelTrial, AnOldModelBetterThanItsBoundOrANewOneBetterThanItChangesNothing) {
  constexpr int kTrials = 1000;
  const LabelTrialOptions options{.alpha = 0.02, .old_error_max = 0.2};
  EXPECT_LE(FalseRollbacks(options, {0.03, 0.03, 0.05}, kTrials), 30);
  EXPECT_LE(FalseRollbacks(options, {0.03, 0.08, 0.05}, kTrials), 30);
}

TEST(LabelTrial, TenPointsWorseGoesBackWithinHundredsOfLabels) {
  const auto known = LabelTrial::Make({.old_error_max = 0.145});
  const auto paired = LabelTrial::Make({});
  ASSERT_TRUE(known && paired);
  const Labels labels{.new_wrong = 0.105, .old_wrong = 0.025, .both_wrong = 0.115};
  double sum_known = 0, sum_paired = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const int a = LabelsUntilWorse(*known, labels, seed, 5000),
              b = LabelsUntilWorse(*paired, labels, seed, 5000);
    ASSERT_GT(a, 0);
    ASSERT_GT(b, 0);
    sum_known += a;
    sum_paired += b;
  }
  EXPECT_LT(sum_known / 200, 260);
  EXPECT_LT(sum_known, sum_paired);
}

TEST(LabelTrial, TellsBothAccuracies) {
  auto trial = LabelTrial::Make({});
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->old_accuracy(), 0);
  for (int i = 0; i < 10; ++i) trial->Push(i != 0, i > 1);
  EXPECT_DOUBLE_EQ(trial->old_accuracy(), 0.9);
  EXPECT_DOUBLE_EQ(trial->new_accuracy(), 0.8);
  EXPECT_EQ(trial->count(), 10);
  EXPECT_FALSE(trial->worse());
  EXPECT_GT(trial->log_evidence(), 0);
}

TEST(LabelTrial, NamesTheOptionThatIsWrong) {
  const LabelTrialOptions wrong[] = {{.alpha = 0},
                                     {.alpha = 1},
                                     {.old_error_max = 0},
                                     {.old_error_max = 1.1},
                                     {.loss = 0},
                                     {.shared_errors = 2},
                                     {.old_error_max = 0.6, .loss = 0.6}};
  for (const LabelTrialOptions& options : wrong)
    EXPECT_EQ(LabelTrial::Make(options).error().code, Errc::kInvalid);
}

TEST(OldErrorMax, LiesAboveWhatLabelsSaid) {
  EXPECT_NEAR(OldErrorMax({34400, 40000}), 0.1454, 2e-4);
  EXPECT_EQ(OldErrorMax({0, 0}), 1);
}

}  // namespace
}  // namespace millwright::drift
