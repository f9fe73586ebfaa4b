// Every kernel set that this machine has gives the reference's bytes: all shapes, streams, threads.
#include "nn/lstm_runner.h"

#include <gtest/gtest.h>

#include "nn/testing/fast_sets.h"
#include "nn/testing/random_lstm.h"

namespace millwright::nn {
namespace {

using testing::BytesDifferent;
using testing::FastSets;
using testing::RandomLstm;

class LstmRunnerTest : public ::testing::TestWithParam<KernelSet> {};

INSTANTIATE_TEST_SUITE_P(, LstmRunnerTest, ::testing::ValuesIn(FastSets()),
                         [](const auto& parameter) {
                           std::string name(Name(parameter.param));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LstmRunnerTest);

TEST_P(LstmRunnerTest, EveryNumberOfUnitsUpTo72) {
  for (size_t units = 1; units <= 72; ++units) {
    const RandomLstm layer({.seed = units, .inputs = 1 + units * 7 % 40, .units = units});
    EXPECT_EQ(BytesDifferent(layer, GetParam(), {.steps = 9, .calls = 2}), 0) << units << " units";
  }
}

TEST_P(LstmRunnerTest, EveryNumberOfInputsUpTo72) {
  for (size_t inputs = 1; inputs <= 72; ++inputs) {
    const RandomLstm layer({.seed = inputs, .inputs = inputs, .units = 16});
    EXPECT_EQ(BytesDifferent(layer, GetParam(), {.steps = 19}), 0) << inputs << " inputs";
  }
}

TEST_P(LstmRunnerTest, ExtremeWeightsScalesAndBiases) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const RandomLstm layer(
        {.seed = seed, .inputs = 1 + seed % 23, .units = 1 + seed * 3 % 50, .extreme = true});
    const testing::RandomCallOptions call{.streams = 1 + seed % 6, .steps = 5};
    EXPECT_EQ(BytesDifferent(layer, GetParam(), call), 0) << "seed " << seed;
  }
}

TEST_P(LstmRunnerTest, AnyNumberOfStreamsAndSteps) {
  for (size_t streams = 1; streams <= 19; ++streams) {
    for (const size_t steps : {1, 2, 5, 16, 21}) {
      const RandomLstm layer({.seed = streams, .inputs = 11, .units = 21});
      EXPECT_EQ(BytesDifferent(layer, GetParam(), {.streams = streams, .steps = steps, .calls = 2}),
                0)
          << streams << " streams, " << steps << " steps";
    }
  }
}

TEST_P(LstmRunnerTest, AnyNumberOfThreads) {
  for (const int threads : {2, 3, 4, 7}) {
    for (const size_t units : {5, 40, 130}) {
      const RandomLstm layer({.seed = units, .inputs = 10, .units = units});
      const testing::RandomCallOptions call{
          .streams = 3, .steps = 11, .calls = 2, .threads = threads};
      EXPECT_EQ(BytesDifferent(layer, GetParam(), call), 0)
          << threads << " threads, " << units << " units";
    }
  }
}

TEST_P(LstmRunnerTest, LargeLayers) {
  const RandomLstm large({.seed = 1, .inputs = 64, .units = 728});
  EXPECT_EQ(BytesDifferent(large, GetParam(), {.steps = 3}), 0);
  EXPECT_EQ(BytesDifferent(large, GetParam(), {.streams = 9, .steps = 2}), 0);
  const RandomLstm wide({.seed = 2, .inputs = 1001, .units = 403});
  EXPECT_EQ(BytesDifferent(wide, GetParam(), {.streams = 4, .steps = 2}), 0);
}

}  // namespace
}  // namespace millwright::nn
