#include "hub/api/words.h"

#include <gtest/gtest.h>

#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

TEST(WordsTest, UnknownNumbersReadAsTheCarefulWord) {
  for (const int64_t odd : {int64_t{-1}, int64_t{99}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(LevelWord(odd), "act");
    EXPECT_EQ(StateWord(odd), "unknown");
    EXPECT_EQ(ShownWord(odd, wire::LEVEL_NONE), "unknown");
    EXPECT_EQ(ShownWord(wire::STATE_RUNNING, odd), "act");
  }
}

TEST(WordsTest, OnlyARunningMachineWithoutALevelIsHealthy) {
  for (int64_t state = -1; state <= 8; ++state)
    for (int64_t level = -1; level <= 5; ++level)
      EXPECT_EQ(ShownWord(state, level) == "healthy",
                state == wire::STATE_RUNNING && level == wire::LEVEL_NONE)
          << state << " " << level;
}

TEST(WordsTest, ShownIsTheStateUnlessItRunsThenTheLevel) {
  EXPECT_EQ(ShownWord(wire::STATE_RUNNING, wire::LEVEL_WATCH), "watch");
  EXPECT_EQ(ShownWord(wire::STATE_RUNNING, wire::LEVEL_WARNING), "warning");
  EXPECT_EQ(ShownWord(wire::STATE_RUNNING, wire::LEVEL_ACT), "act");
  EXPECT_EQ(ShownWord(wire::STATE_LEARNING, wire::LEVEL_ACT), "learning");
  EXPECT_EQ(ShownWord(wire::STATE_STOPPED, wire::LEVEL_ACT), "stopped");
  EXPECT_EQ(ShownWord(wire::STATE_SHELVED, wire::LEVEL_ACT), "shelved");
  EXPECT_EQ(ShownWord(wire::STATE_OUT_OF_SERVICE, wire::LEVEL_ACT), "shelved");
}

TEST(WordsTest, LanesAndSpectraReadBackAsTheyWereWritten) {
  for (int64_t lane = 0; lane < 4; ++lane) EXPECT_EQ(LaneNumber(LaneWord(lane)), lane);
  for (int64_t kind = 0; kind < 3; ++kind) EXPECT_EQ(SpectrumNumber(SpectrumWord(kind)), kind);
  for (const char* odd : {"", "Alarm", "velocity "}) {
    EXPECT_EQ(LaneNumber(odd), -1) << odd;
    EXPECT_EQ(SpectrumNumber(odd), -1) << odd;
  }
}

TEST(WordsTest, CodesBecomeNames) {
  EXPECT_EQ(FaultName("outer_race"), "outer race");
  EXPECT_EQ(FaultName(""), "");
  EXPECT_EQ(FeatureName("vib.envelope_bpfo"), "Vibration envelope BPFO");
  EXPECT_EQ(FeatureName("temperature.mean"), "Temperature mean");
  EXPECT_EQ(FeatureName("Volume_Flow_RateRMS"), "Volume Flow RateRMS");
  EXPECT_EQ(FeatureName("..x_"), "X");
  EXPECT_EQ(TitleOf("cooling-water_2"), "Cooling water 2");
  EXPECT_EQ(TitleOf("7-hall"), "7 hall");
  EXPECT_EQ(TitleOf(""), "");
}

TEST(WordsTest, EpochsKeepTheirZerosAndAllTheirBits) {
  EXPECT_EQ(EpochText(0), "0000000000000000");
  EXPECT_EQ(EpochText(0x0123456789abcdef), "0123456789abcdef");
  EXPECT_EQ(EpochText(UINT64_MAX), "ffffffffffffffff");
}

}  // namespace
}  // namespace millwright::hub
