#include "hub/api/alarm_view.h"

#include <gtest/gtest.h>

#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

using Keys = std::vector<std::string>;

void AddMark(AlarmView& alarm, const std::string& name, float found_hz, float times) {
  wire::Mark& mark = *alarm.evidence.add_marks();
  mark.set_name(name);
  mark.set_found_hz(found_hz);
  mark.set_times_baseline(times);
}

void AddPart(AlarmView& alarm, const std::string& feature, float share) {
  wire::Contribution& part = *alarm.evidence.add_contributions();
  part.set_feature(feature);
  part.set_share(share);
}

TEST(WhyOfTest, TellsTheStrongestEvidenceThereIs) {
  AlarmView alarm;
  alarm.score = 0.876;
  EXPECT_EQ(WhyOf(alarm), "The score reached 0.88.");
  AddPart(alarm, "vib.kurtosis", 0.25f);
  AddPart(alarm, "vib.velocity_rms", 0.5f);
  EXPECT_EQ(WhyOf(alarm), "Vibration velocity RMS moved the score most (50 % of it).");
  AddMark(alarm, "1x", 24.9f, 3);
  EXPECT_EQ(WhyOf(alarm), "Velocity line at 24.9 Hz (1x) is 3 times its baseline.");
  AddMark(alarm, "BPFO", 87.25f, 12);
  EXPECT_EQ(WhyOf(alarm), "Envelope line at 87.2 Hz (BPFO) is 12 times its baseline.");
}

TEST(WhyOfTest, LineNotFoundOrHardlyRaisedIsNoReason) {
  AlarmView missing, weak;
  AddMark(missing, "BPFO", 0, 12);
  AddMark(weak, "BPFO", 87, 1.9f);
  EXPECT_EQ(WhyOf(missing), "The score reached 0.00.");
  EXPECT_EQ(WhyOf(weak), "The score reached 0.00.");
}

AlarmFilter Of(const std::string& site, const std::string& asset) {
  AlarmFilter filter;
  filter.site = site;
  filter.asset = asset;
  return filter;
}

class AlarmViewTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(hub_.Boot()); }

  void Raise(const std::string& key, Nanos after, wire::Level level) {
    hub_.Send(BatchOf({AlarmEvent(++seq_, kTestStart + after, wire::Alarm::RAISED, level, key)}));
  }
  void Clear(const std::string& key, Nanos after) {
    hub_.Send(BatchOf(
        {AlarmEvent(++seq_, kTestStart + after, wire::Alarm::CLEARED, wire::LEVEL_NONE, key)}));
  }
  Keys Newest(const AlarmFilter& filter) { return KeysOf(LoadAlarms(*hub_.database, filter)); }
  Keys Worst(int limit) { return KeysOf(LoadWorstAlarms(*hub_.database, limit)); }

  static Keys KeysOf(const Result<std::vector<AlarmView>>& alarms) {
    Keys keys;
    EXPECT_TRUE(alarms);
    if (alarms)
      for (const AlarmView& alarm : *alarms) keys.push_back(alarm.key);
    return keys;
  }

  TestHub hub_;
  uint64_t seq_ = 0;
};

TEST_F(AlarmViewTest, OpenOnesComeWorstFirstThenNewest) {
  Raise("watch", 4, wire::LEVEL_WATCH);
  Raise("act-old", 1, wire::LEVEL_ACT);
  Raise("warning", 3, wire::LEVEL_WARNING);
  Raise("act-new", 2, wire::LEVEL_ACT);
  Raise("gone", 5, wire::LEVEL_ACT);
  Clear("gone", 6);
  EXPECT_EQ(Worst(10), (Keys{"act-new", "act-old", "warning", "watch"}));
  EXPECT_EQ(Worst(2), (Keys{"act-new", "act-old"}));
}

TEST_F(AlarmViewTest, CountsOpenAndAllAndTheOldestOpen) {
  auto counts = CountAlarms(*hub_.database);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->all, 0);
  EXPECT_FALSE(counts->oldest_open.has_value());
  Raise("first", 1, wire::LEVEL_ACT);
  Raise("second", 2, wire::LEVEL_WATCH);
  Clear("first", 3);
  counts = CountAlarms(*hub_.database);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->all, 2);
  EXPECT_EQ(counts->open, 1);
  EXPECT_EQ(counts->oldest_open, kTestStart + 2);
}

TEST_F(AlarmViewTest, PagesGiveEachOnceNewestFirstThoughTimesAreEqual) {
  for (const char* key : {"a", "b", "c", "d", "e"})
    Raise(key, key[0] < 'd' ? 1 : 2, wire::LEVEL_ACT);
  Keys seen;
  AlarmFilter filter;
  filter.limit = 2;
  for (Keys page = Newest(filter); !page.empty(); page = Newest(filter)) {
    seen.insert(seen.end(), page.begin(), page.end());
    const Nanos raised = kTestStart + (page.back() < "d" ? 1 : 2);
    filter.after = AlarmPlace{.raised = raised, .device = "gw-1", .key = page.back()};
  }
  EXPECT_EQ(seen, (Keys{"e", "d", "c", "b", "a"}));
}

TEST_F(AlarmViewTest, FiltersByStateAndMachine) {
  Raise("open", 1, wire::LEVEL_ACT);
  Raise("gone", 2, wire::LEVEL_ACT);
  Clear("gone", 3);
  AlarmFilter open;
  open.open_only = true;
  EXPECT_EQ(Newest({}), (Keys{"gone", "open"}));
  EXPECT_EQ(Newest(open), (Keys{"open"}));
  EXPECT_EQ(Newest(Of("alder", "P-1")), (Keys{"gone", "open"}));
  EXPECT_EQ(Newest(Of("alder", "P-2")), Keys());
  EXPECT_EQ(Newest(Of("birch", "P-1")), Keys());
}

TEST_F(AlarmViewTest, ClearedAlarmTellsWhenAndKeepsItsEvidence) {
  Raise("one", 1, wire::LEVEL_ACT);
  Clear("one", 5);
  const auto alarm = LoadAlarm(*hub_.database, "gw-1", "one");
  ASSERT_TRUE(alarm && *alarm);
  EXPECT_TRUE((*alarm)->cleared);
  EXPECT_EQ((*alarm)->raised, kTestStart + 1);
  EXPECT_EQ((*alarm)->cleared_at, kTestStart + 5);
  EXPECT_EQ((*alarm)->name, "P-1") << "the asset's id where no name was told";
  EXPECT_EQ((*alarm)->evidence.window(), "window");
}

}  // namespace
}  // namespace millwright::hub
