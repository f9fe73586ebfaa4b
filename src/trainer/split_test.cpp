#include "trainer/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "trainer/series.h"

namespace millwright::trainer {
namespace {

using recording::Rating;
using recording::RecordingInfo;

RecordingInfo Recorded(const std::string& id, const std::string& fault = "",
                       const std::string& asset = "") {
  RecordingInfo info;
  info.id = id;
  info.asset = asset;
  if (!fault.empty())
    info.labels = {{.start_s = 1, .end_s = 2, .rating = Rating::kAnomaly, .fault = fault}};
  return info;
}

std::vector<RecordingInfo> TwoFolders() {
  std::vector<RecordingInfo> out;
  for (int i = 0; i < 8; ++i) out.push_back(Recorded("valve/" + std::to_string(i), "stuck"));
  for (int i = 0; i < 4; ++i) out.push_back(Recorded("pump/" + std::to_string(i), "worn"));
  return out;
}

TEST(SplitRecordings, EveryRunIsOnExactlyOneSide) {
  const auto recordings = TwoFolders();
  const auto split = SplitRecordings(recordings, 0.25);
  ASSERT_TRUE(split) << split.error().what;
  EXPECT_EQ(split->unit, "run");
  std::vector<size_t> all = split->train;
  all.insert(all.end(), split->held_out.begin(), split->held_out.end());
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), recordings.size());
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i);
}

TEST(SplitRecordings, AShareOfEachFolderIsHeldOut) {
  const auto split = SplitRecordings(TwoFolders(), 0.25);
  ASSERT_TRUE(split);
  const auto of_folder = [&](const std::string& name) {
    return std::ranges::count_if(split->held_out_units,
                                 [&](const std::string& unit) { return unit.starts_with(name); });
  };
  EXPECT_EQ(of_folder("valve/"), 2);
  EXPECT_EQ(of_folder("pump/"), 1);
}

TEST(SplitRecordings, FollowsFromNamesAndNotFromTheirOrder) {
  auto recordings = TwoFolders();
  const auto first = SplitRecordings(recordings, 0.25);
  std::ranges::reverse(recordings);
  const auto second = SplitRecordings(recordings, 0.25);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->train_units, second->train_units);
  EXPECT_EQ(first->held_out_units, second->held_out_units);
}

TEST(SplitRecordings, TheRunsOfOneMachineStayTogether) {
  std::vector<RecordingInfo> recordings;
  for (int machine = 0; machine < 6; ++machine)
    for (int run = 0; run < 3; ++run) {
      const std::string asset = "m" + std::to_string(machine);
      recordings.push_back(Recorded(asset + "/" + std::to_string(run), "worn", asset));
    }
  const auto split = SplitRecordings(recordings, 0.3);
  ASSERT_TRUE(split) << split.error().what;
  EXPECT_EQ(split->unit, "machine");
  std::set<std::string> trained;
  for (const size_t i : split->train) trained.insert(recordings[i].asset);
  for (const size_t i : split->held_out) EXPECT_FALSE(trained.contains(recordings[i].asset));
  EXPECT_EQ(split->held_out.size(), 6U);  // two of six machines
}

TEST(SplitRecordings, WhatIsAloneOfItsKindTrains) {
  std::vector<RecordingInfo> recordings = {Recorded("a", "worn"), Recorded("b", "worn"),
                                           Recorded("c", "stuck")};
  const auto split = SplitRecordings(recordings, 0.5);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->held_out.size(), 1U);
  EXPECT_TRUE(std::ranges::find(split->train, 2U) != split->train.end());
}

TEST(SplitRecordings, WhereEveryFaultIsAloneSomeCanBeHeldOut) {
  std::vector<RecordingInfo> recordings = {Recorded("a", "worn"), Recorded("b", "bent"),
                                           Recorded("c", "stuck"), Recorded("d", "hot")};
  EXPECT_FALSE(SplitRecordings(recordings, 0.35));
  const auto split = SplitRecordings(recordings, 0.35, LoneFaults::kShared);
  ASSERT_TRUE(split) << split.error().what;
  EXPECT_EQ(split->held_out.size(), 1U);
  EXPECT_EQ(split->train.size(), 3U);
}

TEST(SplitRecordings, RunsWithoutLabelsAlwaysTrain) {
  std::vector<RecordingInfo> recordings = {Recorded("a", "worn"), Recorded("b", "worn")};
  for (const char* id : {"u1", "u2", "u3", "u4"}) {
    recordings.push_back(Recorded(id));
    recordings.back().labelled = false;
  }
  const auto split = SplitRecordings(recordings, 0.5);
  ASSERT_TRUE(split);
  for (const size_t i : split->held_out) EXPECT_TRUE(recordings[i].labelled);
}

TEST(SplitRecordings, GroupsOverrideAndTestTakesNoPart) {
  auto recordings = TwoFolders();
  recordings.resize(4);
  recordings[0].group = recordings[3].group = "train";
  recordings[1].group = "validation";
  recordings[2].group = "test";
  const auto split = SplitRecordings(recordings, 0.25);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->unit, "group");
  EXPECT_EQ(split->train, (std::vector<size_t>{0, 3}));
  EXPECT_EQ(split->held_out, (std::vector<size_t>{1}));
}

TEST(SplitRecordings, RefusesToHoldOutNothing) {
  const auto split = SplitRecordings(std::vector<RecordingInfo>{Recorded("a", "worn")}, 0.25);
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().code, Errc::kInvalid);
  EXPECT_FALSE(SplitRecordings({}, 0.25));
}

TEST(PickRuns, KeepsTheOrderOfTheDataSet) {
  const std::vector<std::string> ids = {"valve/3", "valve/1"};
  const auto picked = PickRuns(TwoFolders(), ids);
  ASSERT_TRUE(picked);
  ASSERT_EQ(picked->size(), 2U);
  EXPECT_EQ(picked->front().id, "valve/1");
  EXPECT_EQ(PickRuns(TwoFolders(), {})->size(), 12U);
}

TEST(PickRuns, NamesTheUnknownAndTheNearest) {
  const std::vector<std::string> ids = {"valve/1", "vlave/2"};
  const auto picked = PickRuns(TwoFolders(), ids);
  ASSERT_FALSE(picked);
  EXPECT_EQ(picked.error().code, Errc::kNotFound);
  EXPECT_NE(picked.error().what.find("vlave/2"), std::string::npos);
  EXPECT_NE(picked.error().what.find("\"valve/2\"?"), std::string::npos);
}

}  // namespace
}  // namespace millwright::trainer
