#include "evaluation/samples.h"

#include <gtest/gtest.h>

#include <set>

namespace millwright::evaluation {
namespace {

Samples Six() {
  Samples s =
      MakeSamples({0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51}, 2, 1, 2, {0, 1, 0, 1, 0, 1});
  s.groups = {7, 7, 8, 8, 9, 9};
  return s;
}

TEST(Samples, PickKeepsTheRowsAndNamesTheWindows) {
  const Samples all = Six();
  const std::vector<size_t> picks{4, 1};
  const Samples some = all.Pick(picks);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some.rows, all.rows);
  EXPECT_EQ(some.Window(0)[1], 41);
  EXPECT_EQ(some.Window(1)[0], 10);
  EXPECT_EQ(some.labels, (std::vector<int>{0, 1}));
  EXPECT_EQ(some.groups, (std::vector<int>{9, 7}));
  EXPECT_TRUE(some.places.empty());
}

TEST(Samples, AGroupIsOnOneSideOnly) {
  const Samples all = Six();
  const std::vector<int> held{8};
  EXPECT_EQ(InGroups(all, held), (std::vector<size_t>{2, 3}));
  EXPECT_EQ(NotInGroups(all, held), (std::vector<size_t>{0, 1, 4, 5}));
}

TEST(Samples, FoldsHoldEachGroupOnce) {
  const Samples all = Six();
  std::multiset<int> seen;
  const auto folds = DealGroups(all, 5, 3);  // more than there are groups
  EXPECT_EQ(folds.size(), 3U);
  for (const auto& fold : folds) seen.insert(fold.begin(), fold.end());
  EXPECT_EQ(seen, (std::multiset<int>{7, 8, 9}));
  EXPECT_EQ(DealGroups(all, 5, 3), folds);
}

}  // namespace
}  // namespace millwright::evaluation
