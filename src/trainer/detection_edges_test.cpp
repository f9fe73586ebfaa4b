// What lies at the edges of runs and events; the plain cases are in detection_test.cpp.
#include <gtest/gtest.h>

#include <cmath>

#include "trainer/detection.h"

namespace millwright::trainer {
namespace {

struct Stretch {
  Truth truth = Truth::kHealthy;
  bool alarm = false;
  int moments = 1;
};

// One moment a second.
Verdicts Played(std::initializer_list<Stretch> stretches) {
  Verdicts run{.run = "r"};
  for (const Stretch& s : stretches)
    for (int i = 0; i < s.moments; ++i)
      run.moments.push_back({.ts = static_cast<Nanos>(run.moments.size()) * kSecond,
                             .truth = s.truth,
                             .alarm = s.alarm});
  return run;
}

TEST(DetectionEdges, NothingIsMeasuredOfNothing) {
  const std::vector<Verdicts> empty = {Verdicts{.run = "empty"}};
  for (const std::span<const Verdicts> runs : {std::span<const Verdicts>(), std::span(empty)}) {
    const Detection d = MeasureDetection(runs);
    EXPECT_EQ(d.far, 0);
    EXPECT_EQ(d.mar, 0);
    EXPECT_EQ(d.events_total, 0);
    EXPECT_TRUE(std::isnan(d.delay_s_p90));
  }
}

TEST(DetectionEdges, AnEventMayFillTheWholeRun) {
  const Detection d = MeasureDetection(
      std::vector{Played({{Truth::kAnomaly, false, 3}, {Truth::kAnomaly, true, 1}})});
  EXPECT_EQ(d.events_total, 1);
  EXPECT_EQ(d.events_found, 1);
  EXPECT_DOUBLE_EQ(d.delay_s_median, 3);
  EXPECT_DOUBLE_EQ(d.far, 0);
  EXPECT_DOUBLE_EQ(d.healthy_s, 0);
}

TEST(DetectionEdges, ANeutralMomentPartsTwoEvents) {
  const Detection d = MeasureDetection(std::vector{Played(
      {{Truth::kAnomaly, true, 2}, {Truth::kNeutral, true, 1}, {Truth::kAnomaly, false, 2}})});
  EXPECT_EQ(d.events_total, 2);
  EXPECT_EQ(d.events_found, 1);
  EXPECT_DOUBLE_EQ(d.mar, 0.5);
}

TEST(DetectionEdges, AnAlarmThatOutlastsItsEventIsNoNewFalseAlarm) {
  const Detection d = MeasureDetection(
      std::vector{Played({{Truth::kAnomaly, true, 2}, {Truth::kHealthy, true, 3}, {}})});
  EXPECT_EQ(d.false_alarms, 0);
  EXPECT_DOUBLE_EQ(d.far, 0.75);  // yet its moments count
}

TEST(DetectionEdges, AnAlarmBeforeTheEventFindsItAtOnce) {
  const Detection d = MeasureDetection(
      std::vector{Played({{Truth::kHealthy, true, 2}, {Truth::kAnomaly, true, 2}})});
  EXPECT_EQ(d.false_alarms, 1);
  EXPECT_DOUBLE_EQ(d.delay_s_median, 0);
}

TEST(DetectionEdges, AlarmsDoNotReachIntoTheNextRun) {
  const Verdicts healthy = Played({{Truth::kHealthy, true, 2}});
  const Detection d = MeasureDetection(std::vector{healthy, healthy});
  EXPECT_EQ(d.false_alarms, 2);
  EXPECT_DOUBLE_EQ(d.healthy_s, 2);
}

TEST(DetectionEdges, DelaysAreInterpolated) {
  std::vector<Verdicts> runs;
  for (int delay = 0; delay <= 5; ++delay)
    runs.push_back(Played({{Truth::kAnomaly, false, delay}, {Truth::kAnomaly, true, 1}}));
  const Detection d = MeasureDetection(runs);
  EXPECT_DOUBLE_EQ(d.delay_s_median, 2.5);
  EXPECT_DOUBLE_EQ(d.delay_s_p90, 4.5);
}

}  // namespace
}  // namespace millwright::trainer
