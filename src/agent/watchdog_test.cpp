#include "agent/watchdog.h"

#include <gtest/gtest.h>

namespace millwright::agent {
namespace {

TEST(WatchdogTest, IsFedOnceAPeriodWhileDecisionsMove) {
  Watchdog watchdog(kSecond);
  EXPECT_TRUE(watchdog.Feeds({.turns = 1}, kSecond));
  EXPECT_FALSE(watchdog.Feeds({.turns = 2}, kSecond + 1));
  EXPECT_TRUE(watchdog.Feeds({.turns = 2}, 2 * kSecond));
}

TEST(WatchdogTest, StarvesWhereTheLoopStands) {
  Watchdog watchdog(kSecond);
  EXPECT_TRUE(watchdog.Feeds({.turns = 5}, kSecond));
  EXPECT_FALSE(watchdog.Feeds({.turns = 5}, 2 * kSecond));
}

TEST(WatchdogTest, StarvesWhereReadingsWaitAndNoneIsTaken) {
  Watchdog watchdog(kSecond);
  EXPECT_TRUE(watchdog.Feeds({.turns = 1, .items = 7, .waiting = 3}, kSecond));
  EXPECT_FALSE(watchdog.Feeds({.turns = 2, .items = 7, .waiting = 9}, 2 * kSecond));
  EXPECT_TRUE(watchdog.Feeds({.turns = 3, .items = 8, .waiting = 9}, 3 * kSecond));
  EXPECT_TRUE(watchdog.Feeds({.turns = 4, .items = 17, .waiting = 0}, 4 * kSecond));
  EXPECT_TRUE(
      watchdog.Feeds({.turns = 5, .items = 17, .waiting = 0}, 5 * kSecond));  // nothing came
}

TEST(WatchdogTest, IsSilentWhereThereIsNone) {
  Watchdog watchdog(0);
  EXPECT_FALSE(watchdog.Feeds({.turns = 1}, kSecond));
}

}  // namespace
}  // namespace millwright::agent
