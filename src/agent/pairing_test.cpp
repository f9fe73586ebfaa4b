#include "agent/pairing.h"

#include <gtest/gtest.h>

#include "agent/plan.h"
#include "model/testing/test_bundle.h"

namespace millwright::agent {
namespace {

class PairingTest : public ::testing::Test {
 protected:
  PairingTest() {
    auto plan = std::make_shared<Plan>();
    plan->manifest = model::MakeTestManifest();  // healthy is class 0
    plan_ = plan;
    pairing_.Start(Candidate::kWatches, 8 * kSecond, kSecond / 4);
  }
  [[nodiscard]] Outcome Said(Nanos step_end, std::vector<float> probabilities) const {
    Outcome out;
    out.plan = plan_;
    out.scored = true;
    out.step_end = step_end;
    out.probabilities = std::move(probabilities);
    return out;
  }

  std::shared_ptr<const Plan> plan_;
  Pairing pairing_;
};

TEST_F(PairingTest, PairsOneWindowOfBothAndSaysWhichModelIsNew) {
  pairing_.Decided(Said(10 * kSecond, {0.9F, 0.1F, 0}), 3);
  const auto pair = pairing_.Watched(Said(10 * kSecond, {0.2F, 0.7F, 0.1F}), 5);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->at, 10 * kSecond);
  EXPECT_FLOAT_EQ(pair->old_confidence, 0.9F);
  EXPECT_FLOAT_EQ(pair->new_confidence, 0.7F);
  EXPECT_FALSE(pair->old_alarms);
  EXPECT_TRUE(pair->new_alarms);
  EXPECT_FALSE(pair->same_class);
  EXPECT_EQ(pair->latency_ms, 5);

  pairing_.Start(Candidate::kDecides, 8 * kSecond, kSecond / 4);
  pairing_.Decided(Said(20 * kSecond, {0.9F, 0.1F, 0}), 3);
  const auto after = pairing_.Watched(Said(20 * kSecond, {0.2F, 0.7F, 0.1F}), 5);
  ASSERT_TRUE(after);
  EXPECT_FLOAT_EQ(after->new_confidence, 0.9F);
  EXPECT_EQ(after->latency_ms, 3);
}

TEST_F(PairingTest, WindowsOfPairsDoNotOverlap) {
  int pairs = 0;
  for (Nanos t = kSecond; t <= 80 * kSecond; t += kSecond) {
    pairing_.Decided(Said(t, {1, 0, 0}), 0);
    pairs += pairing_.Watched(Said(t, {1, 0, 0}), 0) ? 1 : 0;
  }
  EXPECT_EQ(pairs, 10);
}

TEST_F(PairingTest, WhatOnlyOneModelScoredIsNoPair) {
  EXPECT_FALSE(pairing_.Watched(Said(kSecond, {1, 0, 0}), 0));
  Outcome unscored = Said(2 * kSecond, {});
  unscored.scored = false;
  pairing_.Decided(unscored, 0);
  EXPECT_FALSE(pairing_.Watched(Said(2 * kSecond, {1, 0, 0}), 0));
  pairing_.Decided(Said(3 * kSecond, {1, 0, 0}), 0);
  EXPECT_FALSE(pairing_.Watched(unscored, 0));
  EXPECT_FALSE(pairing_.Watched(Said(4 * kSecond, {1, 0, 0}), 0));
  EXPECT_TRUE(pairing_.Watched(Said(3 * kSecond + kSecond / 5, {1, 0, 0}), 0));
}

TEST_F(PairingTest, AClockThatWasSetBackIsANewBeginning) {
  pairing_.Decided(Said(1000 * kSecond, {1, 0, 0}), 0);
  ASSERT_TRUE(pairing_.Watched(Said(1000 * kSecond, {1, 0, 0}), 0));
  pairing_.Decided(Said(10 * kSecond, {1, 0, 0}), 0);
  EXPECT_TRUE(pairing_.Watched(Said(10 * kSecond, {1, 0, 0}), 0));
}

}  // namespace
}  // namespace millwright::agent
