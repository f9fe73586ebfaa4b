#include "slots/paired.h"

#include <gtest/gtest.h>

#include <random>

namespace millwright::slots {
namespace {

// Pairs until the test says worse; `limit` where it does not.
int64_t PairsUntilWorse(double loss, double deviation, uint64_t seed, int64_t limit) {
  auto test = PairedTest::Make({});
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(-loss, deviation);
  while (!test->worse() && test->count() < limit) test->Push(noise(random));
  return test->count();
}

TEST(PairedTestTest, AnEqualModelIsNotCalledWorse) {
  for (uint64_t seed = 0; seed < 200; ++seed) EXPECT_EQ(PairsUntilWorse(0, 0.1, seed, 3000), 3000);
}

TEST(PairedTestTest, AWorseModelIsCalledWorseAndTheWorseTheSooner) {
  int64_t small = 0, large = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    small += PairsUntilWorse(0.05, 0.1, seed, 5000);
    large += PairsUntilWorse(0.10, 0.1, seed, 5000);
  }
  EXPECT_LT(large, small);
  EXPECT_LT(small / 50, 400);
}

TEST(PairedTestTest, ItStaysDecidedAndCanBeginAnew) {
  auto test = PairedTest::Make({});
  for (int i = 0; i < 200; ++i) test->Push(-0.5);
  EXPECT_TRUE(test->worse());
  for (int i = 0; i < 1000; ++i) test->Push(1);
  EXPECT_TRUE(test->worse());
  test->Reset();
  EXPECT_FALSE(test->worse());
  EXPECT_EQ(test->count(), 0);
}

TEST(PairedTestTest, WhatIsNoNumberCountsAsTheWorst) {
  auto test = PairedTest::Make({.block = 1});
  for (int i = 0; i < 200; ++i) test->Push(std::nan(""));
  EXPECT_TRUE(test->worse());
}

TEST(PairedTestTest, OptionsOutOfRangeAreNamed) {
  EXPECT_FALSE(PairedTest::Make({.alpha = 0}));
  EXPECT_FALSE(PairedTest::Make({.tolerance = 1}));
  EXPECT_FALSE(PairedTest::Make({.block = 0}));
  EXPECT_FALSE(PairedTest::Make({.clip = 2}));
}

}  // namespace
}  // namespace millwright::slots
