#include "trainer/naming.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::trainer {
namespace {

constexpr model::DecisionLimits kLimits{.persistence = 1, .of = 1, .clear_after = 1};
constexpr int kClasses = 3;

// One event of class `truth`, an alarm throughout, of whose odds class 1 has `share`.
ScoredRun Event(int truth, float share, size_t moments = 10) {
  ScoredRun run;
  for (size_t i = 0; i < moments; ++i) {
    run.ts.push_back(static_cast<Nanos>(i) * kSecond);
    run.labels.push_back(truth);
    for (const float p : {0.05F, 0.95F * share, 0.95F * (1 - share)})
      run.probabilities.push_back(p);
  }
  return run;
}

Naming Choose(const std::vector<ScoredRun>& runs, std::optional<double> fixed = {}) {
  const auto found = ChooseNaming(runs, kLimits, kClasses, kSecond, fixed);
  EXPECT_TRUE(found) << found.error().what;
  return found.value_or(Naming{});
}

TEST(ChooseNaming, KeepsWhatIsRightAndAsksForNoLess) {
  const Naming naming = Choose({Event(1, 0.75F), Event(2, 0.2F), Event(1, 0.99F)});
  EXPECT_EQ(naming.name_from, 0.7);
  EXPECT_EQ(naming.named, 1);
  EXPECT_EQ(naming.right, 1);
}

TEST(ChooseNaming, LeavesDoubtfulFaultsUnknown) {
  const Naming naming =
      Choose({Event(1, 0.95F), Event(2, 0.05F), Event(2, 0.55F), Event(1, 0.45F)});
  EXPECT_EQ(naming.name_from, 0.9);
  EXPECT_EQ(naming.named, 0.5);
  EXPECT_EQ(naming.right, 1);
  EXPECT_EQ(naming.right_always, 0.5);
}

TEST(ChooseNaming, EventsWeighTheSameHoweverLong) {
  const Naming naming = Choose({Event(1, 0.55F, 1000), Event(2, 0.7F, 10), Event(2, 0.2F, 10)});
  EXPECT_NEAR(naming.right_always, 2.0 / 3, 1e-9);
}

TEST(ChooseNaming, ANameThatHardlyEverComesIsNoChoice) {
  std::vector<ScoredRun> runs(9, Event(2, 0.75F));
  runs.push_back(Event(1, 0.97F));
  EXPECT_LT(Choose(runs).name_from, 0.8);
}

TEST(ChooseNaming, AFixedLimitStays) {
  const Naming naming = Choose({Event(1, 0.6F)}, 0.7);
  EXPECT_EQ(naming.name_from, 0.7);
  EXPECT_EQ(naming.named, 0);
}

TEST(ChooseNaming, OneFaultNeedsNoChoice) {
  const auto found = ChooseNaming({}, kLimits, 2, kSecond);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name_from, 0);
  EXPECT_TRUE(std::isnan(found->right_always));
}

TEST(ChooseNaming, WithoutAnEventNothingIsMeasured) {
  const Naming naming = Choose({Event(0, 0.5F)});
  EXPECT_EQ(naming.name_from, 0);
  EXPECT_TRUE(std::isnan(naming.named));
}

}  // namespace
}  // namespace millwright::trainer
