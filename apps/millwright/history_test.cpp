#include "history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "os/files.h"
#include "recording/recording.h"
#include "scratch_folder.h"
#include "testing_hub.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

TEST(HistoryTest, ReadsPagesOfWholeStepsAndWhatWasDecided) {
  FakeHub hub;
  hub.steps = 9000;  // more than one page of 5000, and of two hours
  hub.Absent("temperature", 10, 20);
  const auto read = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_GE(hub.series_asked, 2);
  EXPECT_EQ(read->steps_heard, 9000U);
  EXPECT_EQ(read->missing, (std::vector<size_t>{10, 0}));
  EXPECT_TRUE(std::isnan(read->values[2 * 10]));
  EXPECT_FLOAT_EQ(read->values[2 * 8500], hub.Value("temperature", 8500));
  EXPECT_FLOAT_EQ(read->values[2 * 8500 + 1], hub.Value("pressure", 8500));
  EXPECT_EQ(read->levels[0], -1);  // it was learning
  EXPECT_EQ(read->levels[8500], 0);
}

TEST(HistoryTest, AWaveformIsRefusedByItsChannelsName) {
  FakeHub hub;
  dsp::Schema schema = hub.Schema();
  schema.channels.push_back(
      {.name = "vib", .unit = "m/s2", .kind = dsp::ChannelKind::kSamples, .rate_hz = 1000});
  const auto read = ReadHistory(hub.Asker(), hub.machine, schema, hub.Range());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::kUnsupported);
  EXPECT_NE(read.error().what.find("channel \"vib\""), std::string::npos) << read.error().what;
}

TEST(HistoryTest, ChannelsThatAreNotThereOrInAnotherUnitAreRefused) {
  FakeHub hub;
  dsp::Schema missing = hub.Schema();
  missing.channels[1].name = "flow";
  const auto absent = KeptChannels(hub.Asker(), hub.machine, missing);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().what.find("\"flow\""), std::string::npos);
  dsp::Schema unit = hub.Schema();
  unit.channels[0].unit = "K";
  const auto other = KeptChannels(hub.Asker(), hub.machine, unit);
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().what.find("\"degC\""), std::string::npos);
}

TEST(HistoryTest, MinutesThatAreOnlyAveragedAreCountedAndNotPlayed) {
  FakeHub hub;
  hub.steps = 600;
  hub.purged_before = 300;  // of the first five minutes only the means are left
  const auto read = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->steps_heard, 300U);
  EXPECT_EQ(read->minutes_averaged, 5U);
}

TEST(HistoryTest, AChannelThatWasFasterThanTheStepsIsToldToBeCoarser) {
  FakeHub hub;
  hub.rate_hz = 10;
  const auto read = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->notes.size(), 2U);
  EXPECT_NE(read->notes[0].find("\"temperature\" was measured 10 times"), std::string::npos)
      << read->notes[0];
  EXPECT_EQ(read->channels[0].rate_hz, 1);
}

TEST(HistoryTest, ReadsEveryPageOfAlarmsAndKeepsThoseOfTheRange) {
  FakeHub hub;
  hub.AddAlarm(-500, -400, "watch");  // over before
  hub.AddAlarm(-50, 20, "warning");
  hub.AddAlarm(100, 0, "act");   // open still
  hub.AddAlarm(5000, 0, "act");  // behind the range
  hub.alarms.push_back(hub.alarms[1]);
  hub.alarms.back()["asset"] = "P-2";
  const auto read = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->alarms.size(), 2U);
  EXPECT_EQ(read->alarms[0].level, model::Level::kWarning);
  EXPECT_EQ(read->alarms[1].end, 0);
  EXPECT_EQ(read->alarms[1].begin, hub.Range().from + 100 * kSecond);
}

TEST(HistoryTest, TheRecordingGivesBackWhatWasKept) {
  FakeHub hub;
  hub.AddAlarm(50, 80, "act");
  hub.AddAlarm(70, 90, "act");
  hub.Absent("pressure", 30, 40);
  const auto read = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(read) << read.error().what;
  const auto scratch = ScratchFolder::Make();
  ASSERT_TRUE(scratch);
  const auto written = WriteHistory(*read, scratch->path() + "/run", 24.5);
  ASSERT_TRUE(written) << written.error().what;
  const auto recordings = recording::OpenDataset(scratch->path() + "/run");
  ASSERT_TRUE(recordings) << recordings.error().what;
  ASSERT_EQ(recordings->size(), 1U);
  const recording::RecordingInfo& info = recordings->front();
  EXPECT_EQ(info.site, "alder");
  EXPECT_EQ(info.asset, "P-1");
  EXPECT_EQ(info.start_ns, hub.Range().from);
  EXPECT_EQ(info.machine.shaft_hz, 24.5);
  ASSERT_EQ(info.labels.size(), 1U);  // overlapping alarms are one span
  EXPECT_EQ(info.labels[0].rating, recording::Rating::kNeutral);
  EXPECT_EQ(info.labels[0].start_s, 50);
  EXPECT_EQ(info.labels[0].end_s, 90);

  auto reader = recording::Reader::Open(info);
  ASSERT_TRUE(reader);
  recording::Item item;
  std::map<int, std::map<Nanos, float>> got;
  while (*(*reader)->Next(item)) got[item.channel][item.ts_ns] = item.value;
  EXPECT_EQ(got[0].size(), hub.steps);
  EXPECT_EQ(got[1].size(), hub.steps - 10);
  for (const auto& [ts, value] : got[0])
    EXPECT_FLOAT_EQ(value,
                    hub.Value("temperature", static_cast<size_t>((ts - info.start_ns) / kSecond)));
}

TEST(HistoryTest, OfASlowChannelOneReadingAPeriodIsWritten) {
  FakeHub hub;
  hub.rate_hz = 0.1;
  hub.constant = true;
  const auto read = ReadHistory(hub.Asker(), hub.machine, hub.Schema(), hub.Range());
  ASSERT_TRUE(read) << read.error().what;
  const auto scratch = ScratchFolder::Make();
  ASSERT_TRUE(WriteHistory(*read, scratch->path() + "/run", 0));
  const auto recordings = recording::OpenDataset(scratch->path() + "/run");
  ASSERT_TRUE(recordings) << recordings.error().what;
  auto reader = recording::Reader::Open(recordings->front());
  ASSERT_TRUE(reader);
  recording::Item item;
  size_t readings = 0;
  while (*(*reader)->Next(item)) readings += item.channel == 0 ? 1U : 0U;
  EXPECT_EQ(readings, (hub.steps + 9) / 10);
}

TEST(HistoryTest, AnAnswerOfOtherStepsIsRefused) {
  FakeHub hub;
  const auto odd = [&](const std::string& path) -> Result<json> {
    MW_TRY(json answer, hub.Ask(path));
    if (answer.contains("t_ms")) answer["t_ms"].push_back(0);
    return answer;
  };
  const auto read = ReadHistory(odd, hub.machine, hub.Schema(), hub.Range());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::kUnsupported);
}

TEST(HistoryTest, StepsThatTheApiCannotGiveAreRefused) {
  FakeHub hub;
  HistoryRange range = hub.Range();
  range.step = 5 * kMillisecond;
  EXPECT_FALSE(ReadHistory(hub.Asker(), hub.machine, hub.Schema(), range));
  range.step = kSecond;
  range.to = range.from;
  EXPECT_FALSE(ReadHistory(hub.Asker(), hub.machine, hub.Schema(), range));
}

}  // namespace
}  // namespace millwright::cli
