#include "backtest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "model/testing/test_bundle.h"
#include "os/files.h"
#include "scratch_folder.h"
#include "testing_hub.h"

namespace millwright::cli {
namespace {

using model::Level;

model::Manifest ReadingsManifest() {
  model::Manifest m = model::MakeTestManifest();
  const dsp::Schema schema = FakeHub::Schema();
  m.schema.channels = schema.channels;
  m.schema.step = schema.step;
  m.schema.features = {
      {.name = "temperature.mean", .channel = "temperature", .kind = "mean", .params = {}},
      {.name = "temperature.last", .channel = "temperature", .kind = "last", .params = {}},
      {.name = "pressure.mean", .channel = "pressure", .kind = "mean", .params = {}}};
  m.standardiser.commissioning = 60 * kSecond;
  return m;
}

// Levels of one step each from `begin` on; 'n', 'w', 'a' for none, watch, act; '.': nothing scored.
trainer::ScoredRun RunOf(Nanos begin, std::string_view levels, int fault = 1) {
  trainer::ScoredRun run{.id = "run"};
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] == '.') continue;
    run.ts.push_back(begin + static_cast<Nanos>(i) * kSecond);
    run.levels.push_back(levels[i] == 'a'   ? Level::kAct
                         : levels[i] == 'w' ? Level::kWatch
                                            : Level::kNone);
    run.faults.push_back(fault);
  }
  return run;
}

History HistoryOf(size_t steps) {
  History history{.machine = {.site = "alder", .asset = "P-1"},
                  .range = {.from = 0, .to = static_cast<Nanos>(steps) * kSecond}};
  history.levels.assign(steps, 0);
  return history;
}

TEST(BacktestTest, AlarmsBeginWithALevelEndWithNoneOrAHoleAndTellTheHighest) {
  const auto alarms = AlarmsOf(RunOf(0, "nwwaannww.wn"), ReadingsManifest(), 0);
  ASSERT_EQ(alarms.size(), 3U);
  EXPECT_EQ(alarms[0].begin, kSecond);
  EXPECT_EQ(alarms[0].end, 5 * kSecond);
  EXPECT_EQ(alarms[0].level, Level::kAct);
  EXPECT_EQ(alarms[0].fault, "outer_race");
  EXPECT_EQ(alarms[1].end, 8 * kSecond);  // the last step before the hole
  EXPECT_EQ(alarms[2].begin, 10 * kSecond);
  EXPECT_EQ(AlarmsOf(RunOf(0, "nwwn..nw"), ReadingsManifest(), 5 * kSecond).size(), 1U);
  EXPECT_EQ(AlarmsOf(RunOf(0, "nw"), ReadingsManifest(), 0).back().end, 0);
}

TEST(BacktestTest, AlarmsNearEachOtherAreOneEventAndOthersStandAlone) {
  History history = HistoryOf(40);
  history.alarms = {{.begin = 2 * kSecond, .end = 5 * kSecond, .level = Level::kAct},
                    {.begin = 30 * kSecond, .end = 32 * kSecond, .level = Level::kWatch}};
  const auto run = RunOf(0, "nnnnnnnwwnnnnnnnnwwnnnnnnnnnnnnnnnnnnnnn");
  const auto c = Compare(history, run, ReadingsManifest(), {.from = 0, .slack = 3 * kSecond});
  ASSERT_EQ(c.alarms.size(), 3U);
  EXPECT_STREQ(c.alarms[0].who(), "both");  // 2 s apart
  EXPECT_STREQ(c.alarms[1].who(), "candidate");
  EXPECT_EQ(c.alarms[1].candidate->begin, 17 * kSecond);
  EXPECT_STREQ(c.alarms[2].who(), "live");
  EXPECT_EQ(c.only_live, 1U);
  EXPECT_EQ(c.only_candidate, 1U);
  const auto strict = Compare(history, run, ReadingsManifest(), {.from = 0, .slack = kSecond});
  EXPECT_EQ(strict.only_live, 2U);
  EXPECT_EQ(strict.only_candidate, 2U);
}

TEST(BacktestTest, StepsAreComparedWhereBothJudgedAndCountedWhereOneDid) {
  History history = HistoryOf(8);
  history.levels = {0, 0, 3, 3, -1, -1, 0, 1};
  const auto c = Compare(history, RunOf(0, "nwan.w.w"), ReadingsManifest(), {});
  EXPECT_EQ(c.compared(), 5U);
  EXPECT_EQ(c.steps[0][0], 1U);
  EXPECT_EQ(c.steps[0][1], 1U);
  EXPECT_EQ(c.steps[3][3], 1U);
  EXPECT_EQ(c.steps[3][0], 1U);
  EXPECT_EQ(c.steps[1][1], 1U);
  EXPECT_EQ(c.live_alone, 1U);
  EXPECT_EQ(c.candidate_alone, 1U);
  EXPECT_DOUBLE_EQ(c.agreement(), 0.6);
  const auto later =
      Compare(history, RunOf(0, "nwan.w.w"), ReadingsManifest(), {.from = 6 * kSecond});
  EXPECT_EQ(later.compared(), 1U);
  EXPECT_TRUE(std::isnan(Comparison().agreement()));
}

class RunBacktestTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = ScratchFolder::Make();
    ASSERT_TRUE(folder);
    scratch_.emplace(std::move(*folder));
  }
  model::Bundle Load(const model::Manifest& manifest) {
    os::RealFiles files;
    const std::string folder = scratch_->path() + "/bundle";
    EXPECT_TRUE(model::WriteTestBundle(files, folder, manifest));
    auto bundle = model::LoadBundle(files, folder);
    EXPECT_TRUE(bundle) << (bundle ? "" : bundle.error().what);
    return std::move(*bundle);
  }
  Result<Backtest> Play(FakeHub& hub, const model::Bundle& bundle, BacktestOptions options) {
    return RunBacktest(hub.Asker(), hub.machine, bundle, options, scratch_->path() + "/run");
  }
  static BacktestOptions All(const FakeHub& hub) {
    return {.learn_from = hub.Range().from, .from = hub.Range().from, .to = hub.Range().to};
  }

  std::optional<ScratchFolder> scratch_;
};

TEST_F(RunBacktestTest, ScoresEveryStepBehindTheOnesItLearnedFrom) {
  FakeHub hub;
  const auto played = Play(hub, Load(ReadingsManifest()), All(hub));
  ASSERT_TRUE(played) << played.error().what;
  // 600 steps, less 60 to learn from, less the rest of the first window of 4.
  EXPECT_NEAR(static_cast<double>(played->steps_scored), 600 - 60, 4);
  EXPECT_EQ(played->comparison.compared(), played->steps_scored);
}

TEST_F(RunBacktestTest, WhatIsLearnedFromBeforeTheRangeLeavesAllOfItToBeJudged) {
  FakeHub hub;
  BacktestOptions options = All(hub);
  options.from += 120 * kSecond;
  const auto played = Play(hub, Load(ReadingsManifest()), options);
  ASSERT_TRUE(played) << played.error().what;
  EXPECT_NEAR(static_cast<double>(played->steps_scored), 480, 1);
}

TEST_F(RunBacktestTest, AModelThatAlwaysWarnsHasOneAlarmThatLiveHadNot) {
  FakeHub hub;
  model::Manifest manifest = ReadingsManifest();
  manifest.decision.watch_from = manifest.decision.clear_below = 0;
  const auto played = Play(hub, Load(manifest), All(hub));
  ASSERT_TRUE(played) << played.error().what;
  EXPECT_EQ(played->comparison.candidate_alarms, 1U);
  EXPECT_EQ(played->comparison.only_candidate, 1U);
  EXPECT_EQ(played->comparison.steps[0][0], 1U);  // the persistence of 2 costs the first step
}

TEST_F(RunBacktestTest, NothingKeptIsSaidInWords) {
  FakeHub hub;
  hub.purged_before = hub.steps;
  const auto played = Play(hub, Load(ReadingsManifest()), All(hub));
  ASSERT_FALSE(played);
  EXPECT_EQ(played.error().code, Errc::kNotFound);
  EXPECT_NE(played.error().what.find("only means of its minutes"), std::string::npos);
}

TEST_F(RunBacktestTest, ASpeedThatTheHubDoesNotKeepHasToBeSaid) {
  FakeHub hub;
  model::Manifest manifest = ReadingsManifest();
  manifest.schema.speed_min_hz = 1;
  const model::Bundle bundle = Load(manifest);
  BacktestOptions options = All(hub);
  const auto unknown = Play(hub, bundle, options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::kUnsupported);
  EXPECT_NE(unknown.error().what.find("--shaft-hz"), std::string::npos);
  options.shaft_hz = 25;
  EXPECT_TRUE(Play(hub, bundle, options));
}

}  // namespace
}  // namespace millwright::cli
