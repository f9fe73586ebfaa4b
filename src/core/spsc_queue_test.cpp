#include "core/spsc_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace millwright {
namespace {

TEST(SpscQueueTest, IsBoundedAndKeepsOrder) {
  SpscQueue<int> queue(3);
  EXPECT_EQ(queue.capacity(), 4U);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.TryPush(int{i}));
  EXPECT_FALSE(queue.TryPush(4));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.TryPop(), i);
  EXPECT_EQ(queue.TryPop(), std::nullopt);
}

TEST(SpscQueueTest, SlotsKeepTheirMemory) {
  SpscQueue<std::string> queue(2);
  for (int round = 0; round < 3; ++round) {
    std::string* slot = queue.BeginPush();
    ASSERT_NE(slot, nullptr);
    slot->assign(100, 'x');
    queue.CommitPush();
    ASSERT_NE(queue.BeginPop(), nullptr);
    queue.CommitPop();
  }
  EXPECT_GE(queue.BeginPush()->capacity(), 100U);
}

TEST(SpscQueueTest, TwoThreadsPassEverythingInOrder) {
  constexpr int kItems = 100'000;
  SpscQueue<int> queue(64);
  std::jthread producer([&] {
    for (int i = 0; i < kItems;)
      if (queue.TryPush(int{i}))
        ++i;
      else
        std::this_thread::yield();
  });
  for (int want = 0; want < kItems;) {
    if (const auto got = queue.TryPop())
      ASSERT_EQ(*got, want++);
    else
      std::this_thread::yield();
  }
}

}  // namespace
}  // namespace millwright
