#include "agent/coverage.h"

#include <gtest/gtest.h>

namespace millwright::agent {
namespace {

struct Taken {
  std::vector<Extent> extents;
  std::vector<Hole> holes;
};

Taken Take(Coverage& coverage) {
  Taken out;
  coverage.Take(out.extents, out.holes);
  return out;
}

TEST(CoverageTest, JoinsWhatFollowsAndDeclaresWhatIsMissing) {
  Coverage coverage({kSecond});
  for (const uint64_t seq : {1, 2, 3, 6, 7})
    EXPECT_TRUE(coverage.Add(0, static_cast<Nanos>(seq) * kSecond, seq, 0, false));
  const Taken taken = Take(coverage);
  ASSERT_EQ(taken.extents.size(), 2U);
  EXPECT_EQ(taken.extents[0].count, 3U);
  EXPECT_EQ(taken.extents[1].first, 6 * kSecond);
  ASSERT_EQ(taken.holes.size(), 1U);
  EXPECT_EQ(taken.holes[0].count, 2U);
  EXPECT_EQ(taken.holes[0].from, 3 * kSecond + 1);
  EXPECT_EQ(taken.holes[0].to, 6 * kSecond - 1);
}

TEST(CoverageTest, WithoutSequencesTheNominalPeriodDecides) {
  Coverage coverage({kSecond});
  EXPECT_TRUE(coverage.Add(0, 1 * kSecond, 0, 0, false));
  EXPECT_TRUE(coverage.Add(0, 2 * kSecond + kSecond / 2, 0, 0, false));  // jitter
  EXPECT_TRUE(coverage.Add(0, 5 * kSecond + kSecond / 2, 0, 0, false));
  EXPECT_FALSE(coverage.Add(0, 5 * kSecond, 0, 0, false));  // older
  const Taken taken = Take(coverage);
  ASSERT_EQ(taken.holes.size(), 1U);
  EXPECT_EQ(taken.holes[0].count, 2U);
  EXPECT_EQ(taken.holes[0].cause, GapCause::kNotReceived);
}

TEST(CoverageTest, ARestartComparesWithWhatIsDurable) {
  Coverage coverage({0, 0});
  coverage.Resume(0, 10 * kSecond, 50);
  coverage.Resume(1, 10 * kSecond, 50);
  EXPECT_TRUE(coverage.Add(0, 11 * kSecond, 51, kSecond, false));  // the broker kept everything
  EXPECT_TRUE(coverage.Add(1, 13 * kSecond, 53, kSecond, false));
  const Taken taken = Take(coverage);
  ASSERT_EQ(taken.holes.size(), 1U);
  EXPECT_EQ(taken.holes[0].channel, 1);
  EXPECT_EQ(taken.holes[0].cause, GapCause::kAgentDown);
}

TEST(CoverageTest, AChannelThatNeverComesBackIsDeclared) {
  Coverage coverage({kSecond, kSecond});
  coverage.Resume(0, 10 * kSecond, 1);
  coverage.DeclareSilent(30 * kSecond);
  const Taken taken = Take(coverage);
  ASSERT_EQ(taken.holes.size(), 1U);
  EXPECT_EQ(taken.holes[0].to, 30 * kSecond);
}

TEST(CoverageTest, StaysBoundedAndStillDeclaresEverything) {
  Coverage coverage({kSecond, kSecond});
  for (uint64_t i = 1; i <= 1000; ++i)  // every second reading is missing
    EXPECT_TRUE(coverage.Add(i % 2, static_cast<Nanos>(i) * 4 * kSecond, i * 2, 0, i % 7 == 0));
  const Taken taken = Take(coverage);
  EXPECT_LE(taken.extents.size(), Coverage::kExtentsMax + 2);
  EXPECT_LE(taken.holes.size(), Coverage::kExtentsMax + 2);
  for (uint64_t i = 1; i <= 1000; ++i) {
    const Nanos ts = static_cast<Nanos>(i) * 4 * kSecond;
    bool accounted = false;
    for (const Extent& e : taken.extents)
      accounted = accounted || (e.channel == i % 2 && e.first <= ts && ts <= e.last);
    EXPECT_TRUE(accounted) << i;
  }
}

}  // namespace
}  // namespace millwright::agent
