#include "os/clock.h"

#include <gtest/gtest.h>

namespace millwright::os {
namespace {

TEST(FakeClockTest, AdvanceMovesBothAndStepMovesWallTimeOnly) {
  FakeClock clock(1000);
  clock.Advance(5);
  EXPECT_EQ(clock.Utc(), 1005);
  EXPECT_EQ(clock.Monotonic(), 5);
  clock.StepUtc(-400);
  EXPECT_EQ(clock.Utc(), 605);
  EXPECT_EQ(clock.Monotonic(), 5);
}

}  // namespace
}  // namespace millwright::os
