#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "evaluation/bearing_score.h"
#include "evaluation/bearing_windows.h"
#include "evaluation/read_bearing.h"
#include "recording/recording.h"

namespace millwright::evaluation {
namespace {

TEST(BearingScore, IsWhatItShouldBeByHand) {
  const std::vector<float> p = {.7F, .1F, .1F, .1F, .2F, .5F, .2F, .1F,
                                .6F, .3F, .1F, .0F, .1F, .1F, .2F, .6F};
  const std::vector<int> truth = {0, 1, 1, 0};
  const BearingScore s = ScoreBearing(p, truth, 4);
  EXPECT_EQ(s.present, (std::vector<int>{0, 1}));
  EXPECT_EQ(s.confusion, (std::vector<double>{1, 0, 1, 1}));  // the ball is in no column
  EXPECT_EQ(s.elsewhere, 1U);
  EXPECT_DOUBLE_EQ(s.balanced_accuracy, 0.5);
  EXPECT_DOUBLE_EQ(Auroc(std::vector<float>{.1F, .4F, .35F, .8F}, {false, false, true, true}),
                   0.75);
  EXPECT_DOUBLE_EQ(Auroc(std::vector<float>{.5F, .5F}, {false, true}), 0.5);
  EXPECT_TRUE(std::isnan(Auroc(std::vector<float>{.5F}, {true})));
}

TEST(BearingClassOf, KnowsHowPeopleCallThem) {
  for (const char* name : {"outer_race", "outer", "OR", "BPFO", "Outer ring", "or_021", "OR007"})
    EXPECT_EQ(BearingClassOf(name), 1) << name;
  for (const char* name : {"inner_race", "IR", "ir-014", "innerrace"})
    EXPECT_EQ(BearingClassOf(name), 2) << name;
  for (const char* name : {"ball", "rolling_element", "roller", "B_ball"})
    EXPECT_EQ(BearingClassOf(name), 3) << name;
  EXPECT_EQ(BearingClassOf("healthy"), 0);
  for (const char* name : {"", "cage", "unbalance", "inner+outer", "motor", "fire"})
    EXPECT_EQ(BearingClassOf(name), -1) << name;
}

TEST(SimulateBearings, GivesOneWindowARigAndTheSameAgain) {
  const RigDraw draw{.count = 4, .strikes = {machines::Strikes::kImpulse}, .seed = 9};
  const auto a = SimulateBearings(draw, {}), b = SimulateBearings(draw, {});
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->samples.labels, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(*a->samples.rows, *b->samples.rows);
  EXPECT_EQ(a->samples.steps, kBearingSteps);
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(testing::TempDir()) /
            ("bearing_" + std::to_string(::getpid()) +
             testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, dsp::MachineSpec machine,
             const std::vector<recording::Label>& labels) const {
    machines::Random random(4);
    const machines::RigRecording rig = machines::DrawRig(
        machines::Defect::kOuter, machines::Strikes::kImpulse, machines::World::kAll, random);
    if (machine.shaft_hz > 0) machine.shaft_hz = rig.shaft_hz;
    if (machine.bpfo > 0) {
      machine.bpfo = rig.orders.bpfo;
      machine.bpfi = rig.orders.bpfi;
    }
    recording::RecordingInfo info;
    info.name = info.asset = name;
    info.machine = machine;
    const dsp::ChannelSpec vib{
        .name = "vib", .unit = "m/s2", .kind = dsp::ChannelKind::kSamples, .rate_hz = rig.rate_hz};
    const auto writer = recording::Writer::Create(
        (root_ / name).string(), info, {{.spec = vib, .format = recording::FileFormat::kF32le}});
    ASSERT_TRUE(writer) << writer.error().what;
    for (int i = 0; i < 4; ++i) ASSERT_TRUE((*writer)->Block(0, rig.samples));
    ASSERT_TRUE((*writer)->Finish(labels));
  }

  std::filesystem::path root_;
};

TEST_F(Folder, WindowsLieWithinOneLabel) {
  Write("a", {.shaft_hz = 1, .bpfo = 1},
        {{.start_s = 0, .end_s = 2, .rating = recording::Rating::kAnomaly, .fault = "outer_race"}});
  const auto read = ReadBearings(root_, {});
  ASSERT_TRUE(read) << read.error().what;
  const Samples& s = read->samples;
  ASSERT_GT(s.size(), 0U);
  for (size_t i = 0; i < s.size(); ++i) {
    EXPECT_EQ(s.labels[i], s.places[i].start_s < 2 ? 1 : 0);
    EXPECT_TRUE(s.places[i].start_s >= 2 - 0.2 || s.places[i].end_s <= 2 + 1e-6);
  }
}

TEST_F(Folder, WhatIsMissingIsSaid) {
  Write("speedless", {.bpfo = 1}, {});
  const auto none = ReadBearings(root_, {});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("without a shaft speed"), std::string::npos);
  Write("nameless", {.shaft_hz = 1}, {});
  const auto some = ReadBearings(root_, {});
  ASSERT_TRUE(some) << some.error().what;
  ASSERT_EQ(some->notes.size(), 2U);
  EXPECT_NE(some->notes[1].find("name no bearing"), std::string::npos);
}

TEST_F(Folder, NeutralTimeAndUnknownFaultsAreNotJudged) {
  Write("a", {.shaft_hz = 1, .bpfo = 1},
        {{.start_s = 0, .end_s = 2, .rating = recording::Rating::kNeutral, .fault = ""},
         {.start_s = 2, .end_s = 1e3, .rating = recording::Rating::kAnomaly, .fault = "cage"}});
  const auto read = ReadBearings(root_, {});
  ASSERT_TRUE(read) << read.error().what;
  for (size_t i = 0; i < read->samples.size(); ++i) {
    EXPECT_EQ(read->samples.labels[i], -1);
    EXPECT_GE(read->samples.places[i].start_s, 2 - 0.2);
  }
}

TEST_F(Folder, ASpeedThatWasMeasuredGoesBeforeTheNameplate) {
  // The nameplate is wrong by a third: only the speed channel, in rpm, makes windows of the right
  // length.
  std::filesystem::create_directories(root_ / "a");
  std::ofstream toml(root_ / "a/recording.toml");
  toml << "[recording]\nasset = \"a\"\nstart = \"2026-01-01T00:00:00Z\"\n[machine]\nshaft_hz = 10\n"
          "bearing = { elements = 8, ball = 2, pitch = 12 }\n"
          "[[channel]]\nname = \"x\"\nunit = \"g\"\nfile = \"x.f32le\"\nformat = \"f32le\"\n"
          "rate_hz = 8000\n"
          "[[channel]]\nname = \"y\"\nunit = \"g\"\nfile = \"x.f32le\"\nformat = \"f32le\"\n"
          "rate_hz = 8000\n"
          "[[channel]]\nname = \"speed\"\nunit = \"rpm\"\nfile = \"s.csv\"\nformat = \"csv\"\n"
          "column = \"rpm\"\nrate_hz = 1\n";
  std::ofstream(root_ / "a/s.csv") << "rpm\n1800\n1800\n1800\n1800\n";
  std::vector<float> wave(32000);
  machines::Random random(1);
  for (float& v : wave) v = static_cast<float>(random.Normal());
  std::ofstream(root_ / "a/x.f32le", std::ios::binary)
      .write(reinterpret_cast<const char*>(wave.data()),
             static_cast<std::streamsize>(wave.size() * sizeof(float)));
  toml.close();
  const auto read = ReadBearings(root_, {});
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->samples.size(),
            2U);  // one window of either channel: 45 turns at 30 Hz, four times
  EXPECT_NEAR(read->samples.places[0].end_s - read->samples.places[0].start_s, 2.5 * 45 / 30, 0.01);
}

TEST(EnvelopeRule, TakesTheDefectThatStandsOutMost) {
  constexpr size_t kColumns = 34;
  std::vector<float> rows(2 * kBearingSteps * kColumns);
  for (size_t step = 0; step < kBearingSteps; ++step) rows[step * kColumns + 5] = 2;  // inner_mean
  const Samples s = MakeSamples(rows, kBearingSteps, kColumns, kBearingClasses, {2, 0});
  const std::vector<float> scores = EnvelopeRule(s, 1.1);
  EXPECT_EQ(ScoreBearing(scores, s.labels, kBearingClasses).balanced_accuracy, 1);
}

}  // namespace
}  // namespace millwright::evaluation
