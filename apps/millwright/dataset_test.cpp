#include "dataset.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "scratch_folder.h"
#include "testing_hub.h"
#include "trainer/split.h"

namespace millwright::cli {
namespace {

using recording::Label;
using recording::Rating;

History HistoryOf(int seconds) {
  History history;
  history.range = {.from = 0, .to = seconds * kSecond, .step = kSecond};
  return history;
}

JudgedSpan Span(int from, int to, Rating rating, const std::string& fault = "") {
  return {.from = from * kSecond, .to = to * kSecond, .rating = rating, .fault = fault};
}

std::string Text(const std::vector<Label>& labels) {
  std::string out;
  for (const Label& label : labels)
    out += std::to_string(static_cast<int>(label.start_s)) + "-" +
           std::to_string(static_cast<int>(label.end_s)) +
           (label.rating == Rating::kAnomaly     ? "!" + label.fault
            : label.rating == Rating::kNoAnomaly ? "+"
                                                 : "?") +
           " ";
  return out;
}

TEST(DatasetTest, AnAlarmIsNeutralUntilItIsJudged) {
  History history = HistoryOf(100);
  history.alarms = {{.begin = 10 * kSecond, .end = 20 * kSecond},
                    {.begin = 50 * kSecond, .end = 60 * kSecond},
                    {.begin = 90 * kSecond}};
  EXPECT_EQ(Text(LabelsOf(history, {})), "10-20? 50-60? 90-100? ");
  const std::vector<JudgedSpan> judged = {Span(10, 20, Rating::kAnomaly, "ball"),
                                          Span(50, 60, Rating::kNoAnomaly)};
  EXPECT_EQ(Text(LabelsOf(history, judged)), "10-20!ball 50-60+ 90-100? ");
}

TEST(DatasetTest, WhereTwoSpeakTheFaultCountsAndTwoFaultsCountForNothing) {
  const History history = HistoryOf(100);
  EXPECT_EQ(
      Text(LabelsOf(history, std::vector<JudgedSpan>{Span(0, 50, Rating::kNoAnomaly),
                                                     Span(40, 60, Rating::kAnomaly, "ball")})),
      "0-40+ 40-60!ball ");
  EXPECT_EQ(
      Text(LabelsOf(history, std::vector<JudgedSpan>{Span(0, 50, Rating::kAnomaly, "ball"),
                                                     Span(40, 60, Rating::kAnomaly, "cage")})),
      "0-40!ball 40-50? 50-60!cage ");
  EXPECT_EQ(Text(LabelsOf(history, std::vector<JudgedSpan>{Span(0, 50, Rating::kNeutral),
                                                           Span(-9, 200, Rating::kNoAnomaly)})),
            "0-50? 50-100+ ");
}

TEST(DatasetTest, ARecordingCarriesTheLabelsAndADigest) {
  FakeHub hub;
  const auto history = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(history) << history.error().what;
  const std::vector<JudgedSpan> judged = {{.from = hub.begin + 100 * kSecond,
                                           .to = hub.begin + 200 * kSecond,
                                           .rating = Rating::kAnomaly,
                                           .fault = "ball"}};
  const auto scratch = ScratchFolder::Make();
  const std::vector<Label> labels = LabelsOf(*history, judged);
  ASSERT_TRUE(WriteHistory(*history, scratch->path() + "/a", 0, &labels));
  const auto found = recording::OpenDataset(scratch->path());
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->size(), 1U);
  ASSERT_EQ(found->front().labels.size(), 1U);
  EXPECT_EQ(found->front().labels[0].fault, "ball");
  const auto digest = [&] { return DigestOfFolder(scratch->path()).value_or("none"); };
  const std::string before = digest();
  EXPECT_EQ(before.size(), 64U);
  EXPECT_EQ(before, digest());
  ASSERT_TRUE(WriteHistory(*history, scratch->path() + "/b", 0));
  EXPECT_NE(before, digest());
}

// Recordings of as many machines, every other one with a fault of the same kind.
void WriteMachines(const std::string& folder, int machines) {
  FakeHub hub;
  hub.steps = 60;
  const auto history = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(history) << history.error().what;
  for (int i = 0; i < machines; ++i) {
    Label label;
    label.end_s = 60;
    if (i % 2 == 1) {
      label.rating = Rating::kAnomaly;
      label.fault = "ball";
    }
    const std::vector<Label> labels = {label};
    ASSERT_TRUE(WriteHistory(*history, folder + "/m" + std::to_string(i), 0, &labels));
  }
}

TEST(DatasetTest, WhatIsHeldOutHasBothKindsAndTrainsNothing) {
  const auto scratch = ScratchFolder::Make();
  WriteMachines(scratch->path(), 12);
  const auto done = HoldOut(scratch->path(), 0.3);
  ASSERT_TRUE(done) << done.error().what;
  const auto found = recording::OpenDataset(scratch->path());
  ASSERT_TRUE(found) << found.error().what;
  std::map<std::string, std::pair<int, int>> counted;  // healthy, faulty
  for (const auto& run : *found)
    ++(run.labels.front().rating == Rating::kAnomaly ? counted[run.group].second
                                                     : counted[run.group].first);
  ASSERT_EQ(counted.size(), 3U);  // each run is in a group, and in one
  for (const char* group : {"train", "validation", "test"}) {
    EXPECT_GT(counted[group].first, 0) << group;
    EXPECT_GT(counted[group].second, 0) << group;
  }
  const auto split = trainer::SplitRecordings(*found, 0.3);
  ASSERT_TRUE(split) << split.error().what;
  for (const size_t i : split->train) EXPECT_EQ((*found)[i].group, "train");
  for (const size_t i : split->held_out) EXPECT_EQ((*found)[i].group, "validation");
}

TEST(DatasetTest, TooFewMachinesToHoldOneOutIsAnError) {
  const auto scratch = ScratchFolder::Make();
  WriteMachines(scratch->path(), 1);
  const auto done = HoldOut(scratch->path(), 0.3);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kInvalid);
}

TEST(DatasetTest, LabelsOfAnotherMachineAreNotOurs) {
  const nlohmann::json ours = {{"site", "alder"}, {"asset", "P-1"},      {"from_ms", 1000},
                               {"to_ms", 2000},   {"rating", "ANOMALY"}, {"fault", "ball"}};
  nlohmann::json other = ours;
  other["asset"] = "P-2";
  const MachineId machine{.site = "alder", .asset = "P-1"};
  const auto spans = JudgedSpansOf({ours, other}, machine);
  ASSERT_TRUE(spans);
  ASSERT_EQ(spans->size(), 1U);
  EXPECT_EQ(spans->front().to, 2 * kSecond);
  nlohmann::json odd = ours;
  odd["rating"] = "MAYBE";
  EXPECT_FALSE(JudgedSpansOf({odd}, machine));
}

}  // namespace
}  // namespace millwright::cli
