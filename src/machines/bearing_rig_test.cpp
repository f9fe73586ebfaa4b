#include "machines/bearing_rig.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::machines {
namespace {

TEST(BearingRig, TheSameSeedDrawsTheSameSamples) {
  Random a(5), b(5), c(6);
  const RigRecording one = DrawRig(Defect::kInner, Strikes::kBurst, World::kAll, a);
  EXPECT_EQ(one.samples, DrawRig(Defect::kInner, Strikes::kBurst, World::kAll, b).samples);
  EXPECT_NE(one.samples, DrawRig(Defect::kInner, Strikes::kBurst, World::kAll, c).samples);
}

TEST(BearingRig, EveryDrawCanBeMeasured) {
  Random random(1);
  for (int i = 0; i < 24; ++i) {
    const auto defect = static_cast<Defect>(i % kDefects);
    const RigRecording rig = DrawRig(defect, static_cast<Strikes>(i % 3), World::kAll, random);
    EXPECT_EQ(rig.strength > 0, defect != Defect::kNone);
    const double turns = static_cast<double>(rig.samples.size()) / rig.rate_hz * rig.shaft_hz;
    EXPECT_GE(turns, 14.5);
    double power = 0;
    for (const float s : rig.samples) {
      ASSERT_TRUE(std::isfinite(s));
      power += static_cast<double>(s * s);
    }
    EXPECT_GT(power, 0);
    EXPECT_GT(rig.orders.bpfi, rig.orders.bpfo);
  }
}

TEST(BearingRig, WorldsShareNoBearingAndNoRate) {
  Random random(2);
  const auto judges = [](const RigRecording& rig) {
    const int n = static_cast<int>(std::lround(rig.orders.bpfo + rig.orders.bpfi));
    return n == 8 || n == 9 || n == 13 || n == 16;
  };
  std::vector<double> rates[2];
  for (int i = 0; i < 16; ++i) {
    const RigRecording learn = DrawRig(Defect::kNone, Strikes::kImpulse, World::kLearn, random);
    const RigRecording judge = DrawRig(Defect::kNone, Strikes::kImpulse, World::kJudge, random);
    EXPECT_FALSE(judges(learn));
    EXPECT_TRUE(judges(judge));
    rates[0].push_back(learn.rate_hz);
    rates[1].push_back(judge.rate_hz);
  }
  for (const double rate : rates[0])
    EXPECT_EQ(std::ranges::count(rates[1], rate), 0) << rate << " Hz is in both";
}

}  // namespace
}  // namespace millwright::machines
