#include "agent/recorder.h"

#include <gtest/gtest.h>

#include "agent/testing/plant.h"
#include "wire/event.pb.h"

namespace millwright::agent {
namespace {

// Keeps what is appended in memory; its disk can fail.
class FakeOutbox : public outbox::Outbox {
 public:
  struct Commit {
    std::vector<outbox::NewRecord> records;
    std::vector<outbox::Mark> marks;
  };
  [[nodiscard]] Result<std::vector<uint64_t>> AppendBatch(
      std::span<const outbox::NewRecord> records, std::span<const outbox::Mark> marks) override {
    if (disk_full) return Fail(Errc::kExhausted, "outbox: the disk is full");
    commits.push_back({{records.begin(), records.end()}, {marks.begin(), marks.end()}});
    std::vector<uint64_t> sequences;
    for (size_t i = 0; i < records.size(); ++i) sequences.push_back(++last_);
    return sequences;
  }
  [[nodiscard]] Result<void> PutMark(std::string_view, std::string_view) override { return {}; }
  [[nodiscard]] Result<std::optional<std::string>> GetMark(std::string_view) override {
    return std::nullopt;
  }
  [[nodiscard]] Result<std::vector<outbox::Mark>> Marks(std::string_view) override {
    return std::vector<outbox::Mark>();
  }
  [[nodiscard]] Result<uint64_t> ReadUnacked(Lane, uint64_t, size_t,
                                             std::vector<outbox::Record>&) override {
    return epoch();
  }
  [[nodiscard]] Result<void> Ack(uint64_t, Lane, uint64_t) override { return {}; }
  [[nodiscard]] uint64_t epoch() const override { return 1; }
  [[nodiscard]] outbox::OutboxStats stats() const override { return {}; }

  std::vector<Commit> commits;
  bool disk_full = false;

 private:
  uint64_t last_ = 0;
};

class RecorderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plan_ = testing::MakeTestPlan(files_, folder_.path());
    ASSERT_TRUE(files_.MakeFolders(plan_->settings.state_folder));
    outlets_ = std::make_unique<Outlets>(*plan_);
    Boot({});
  }
  void Boot(OpenAlarm alarm) {
    Memory memory;
    memory.machines.resize(1);
    memory.amplitudes.resize(1);
    memory.untold.resize(1);
    memory.alarms = {std::move(alarm)};
    recorder_ = std::make_unique<Recorder>(
        plan_, std::move(memory), *outlets_, services_, outbox_, files_, clock_,
        HealthSources{latency_, ingest_, decider_, urgency_, phase_, certificate_, "test"},
        [this] { ++woken_; });
  }
  // A step with a decision; its readings are covered up to its end.
  Outcome Step(Nanos step_end) const {
    Outcome out;
    out.stepped = out.scored = true;
    out.state = State::kRunning;
    out.score = 0.9F;
    out.step_end = step_end;
    out.window.assign(plan_->engine->input().elements(), 5);
    out.probabilities.assign(plan_->manifest.classes.size(), 0.25F);
    out.signals.assign(plan_->assets[0].signals.size(), 1.0F);
    out.extents = {{.channel = 0, .first = step_end - 1, .last = step_end, .last_seq = 9}};
    return out;
  }
  void Alert(Nanos step_end, model::Level level) {
    Outcome out = Step(step_end);
    out.level = level;
    out.level_changed = true;
    ASSERT_TRUE(outlets_->alerts.TryPush(std::move(out)));
  }
  void Work(Nanos after = 0) {
    clock_.Advance(after);
    (void)recorder_->Work();
  }
  // Until nothing waits any more, then forgotten: what a start brings along.
  void SettleStart() {
    Work(kSecond);
    Work(kSecond);
    outbox_.commits.clear();
    woken_ = 0;
  }
  [[nodiscard]] std::vector<wire::Event> Events() const {
    std::vector<wire::Event> out;
    for (const auto& commit : outbox_.commits)
      for (const auto& record : commit.records)
        EXPECT_TRUE(out.emplace_back().ParseFromString(record.payload));
    return out;
  }
  [[nodiscard]] size_t Count(wire::Event::BodyCase body) const {
    const auto events = Events();
    return static_cast<size_t>(std::count_if(events.begin(), events.end(),
                                             [&](const auto& e) { return e.body_case() == body; }));
  }
  static std::string MarkOf(const FakeOutbox::Commit& commit, const std::string& key) {
    for (const auto& mark : commit.marks)
      if (mark.key == key) return mark.value;
    return "none";
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  os::FakeClock clock_;
  std::shared_ptr<const Plan> plan_;
  FakeOutbox outbox_;
  std::unique_ptr<Outlets> outlets_;
  ServiceQueue services_{8};
  Histogram latency_;
  IngestCounts ingest_;
  DeciderCounts decider_;
  std::atomic<os::Urgency> urgency_{os::Urgency::kNice};
  std::atomic<slots::Phase> phase_{slots::Phase::kShadow};
  CertificateNote certificate_;
  int woken_ = 0;
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(RecorderTest, SaysFirstWhichMachinesThereAre) {
  Work(kSecond);
  ASSERT_GT(Events().size(), 0U);
  EXPECT_TRUE(Events()[0].has_asset_info());
}

TEST_F(RecorderTest, AnAlarmIsCommittedAtOnceWithItsMark) {
  SettleStart();
  Alert(5 * kSecond, model::Level::kWarning);
  Work();
  ASSERT_EQ(outbox_.commits.size(), 1U);
  EXPECT_EQ(woken_, 1);
  ASSERT_EQ(Count(wire::Event::kAlarm), 1U);
  const wire::Alarm alarm = Events()[0].alarm();
  EXPECT_EQ(alarm.alarm_key(), "P-1-5000000000");
  EXPECT_EQ(alarm.window().size(), plan_->engine->input().elements());
  EXPECT_EQ(MarkOf(outbox_.commits[0], "alarm/P-1"), "2 P-1-5000000000");
}

TEST_F(RecorderTest, AnAlarmKeepsItsKeyUntilItIsCleared) {
  SettleStart();
  Alert(5 * kSecond, model::Level::kWatch);
  Alert(6 * kSecond, model::Level::kAct);
  Alert(9 * kSecond, model::Level::kNone);
  Alert(20 * kSecond, model::Level::kWatch);
  Work();
  const auto events = Events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[1].alarm().alarm_key(), events[0].alarm().alarm_key());
  EXPECT_EQ(events[2].alarm().alarm_key(), events[0].alarm().alarm_key());
  EXPECT_EQ(events[2].alarm().kind(), wire::Alarm::CLEARED);
  EXPECT_EQ(events[3].alarm().alarm_key(), "P-1-20000000000");
}

TEST_F(RecorderTest, AnUnknownFaultIsToldAsNoneAndItsNameLaterUnderTheSameKey) {
  SettleStart();
  Alert(5 * kSecond, model::Level::kWatch);
  Outcome named = Step(8 * kSecond);
  named.level = named.level_before = model::Level::kWatch;
  named.level_changed = true;
  named.fault = 1;
  ASSERT_TRUE(outlets_->alerts.TryPush(std::move(named)));
  Work();
  const auto events = Events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].alarm().kind(), wire::Alarm::RAISED);
  EXPECT_EQ(events[0].alarm().fault(), "");
  EXPECT_EQ(events[1].alarm().kind(), wire::Alarm::LEVEL_CHANGED);
  EXPECT_EQ(events[1].alarm().fault(), plan_->manifest.classes[1].code);
  EXPECT_EQ(events[1].alarm().alarm_key(), events[0].alarm().alarm_key());
}

TEST_F(RecorderTest, TelemetryWaitsForItsGroupAndBringsItsCoverageAlong) {
  SettleStart();
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(outlets_->records.TryPush(Step(i * 100 * kMillisecond)));
    Work();
  }
  EXPECT_TRUE(outbox_.commits.empty());
  Work(plan_->settings.telemetry_flush);
  ASSERT_EQ(Count(wire::Event::kFeatures), 1U);
  const auto with = std::find_if(outbox_.commits.begin(), outbox_.commits.end(), [](auto& commit) {
    return MarkOf(commit, "cover/P-1") != "none";
  });
  ASSERT_NE(with, outbox_.commits.end());
  EXPECT_EQ(MarkOf(*with, "cover/P-1"), "vib 500000000 9\n");
  const bool beside =
      std::any_of(with->records.begin(), with->records.end(),
                  [](const auto& record) { return record.lane == Lane::kFeatures; });
  EXPECT_TRUE(beside) << "a mark stands only in the transaction of what it describes";
}

TEST_F(RecorderTest, WhatAFullDiskRefusedIsTriedAgainAlarmsFirst) {
  SettleStart();
  outbox_.disk_full = true;
  ASSERT_TRUE(outlets_->records.TryPush(Step(kSecond)));
  Work(plan_->settings.telemetry_flush);
  Alert(2 * kSecond, model::Level::kWatch);
  Work(kSecond);
  EXPECT_TRUE(outbox_.commits.empty());
  EXPECT_GE(recorder_->counts().failed_commits.load(), 1U);
  outbox_.disk_full = false;
  Work(kSecond);
  ASSERT_FALSE(outbox_.commits.empty());
  EXPECT_EQ(outbox_.commits[0].records[0].lane, Lane::kAlarm);
  EXPECT_EQ(MarkOf(outbox_.commits[0], "alarm/P-1"), "1 P-1-2000000000");
  EXPECT_EQ(Count(wire::Event::kFeatures), 1U);
}

TEST_F(RecorderTest, ADiskThatFailsForLongCostsTelemetryAndSaysSo) {
  SettleStart();
  outbox_.disk_full = true;
  Alert(kSecond, model::Level::kAct);
  for (int i = 0; i < 600; ++i) {  // three spectra each: more than the recorder may keep
    Waveform waveform;
    waveform.ts = clock_.Utc();
    waveform.speed_hz = 25;
    waveform.samples.assign(4096, static_cast<float>(i % 7));
    ASSERT_TRUE(outlets_->waveforms.TryPush(std::move(waveform)));
    Work(10 * kMillisecond);
  }
  const uint64_t dropped = recorder_->counts().dropped_telemetry.load();
  EXPECT_GT(dropped, 0U);
  outbox_.disk_full = false;
  for (int i = 0; i < 20; ++i) Work(kSecond);
  EXPECT_EQ(Count(wire::Event::kAlarm), 1U) << "events are never given up";
  uint64_t declared = 0;
  for (const wire::Event& event : Events())
    if (event.has_gap()) declared += event.gap().count();
  EXPECT_EQ(declared, dropped);
  EXPECT_EQ(Count(wire::Event::kSpectrum) + dropped, 1800U);
}

TEST_F(RecorderTest, AnAlarmOfAMachineThatLearnsAnewIsCleared) {
  Boot({"P-1-77", model::Level::kAct});
  Work(kSecond);
  const auto events = Events();
  const auto alarm = std::find_if(events.begin(), events.end(),
                                  [](const wire::Event& event) { return event.has_alarm(); });
  ASSERT_NE(alarm, events.end());
  EXPECT_EQ(alarm->alarm().alarm_key(), "P-1-77");
  EXPECT_EQ(alarm->alarm().kind(), wire::Alarm::CLEARED);
}

TEST_F(RecorderTest, HealthTellsThePriorityThatDecisionsHave) {
  Work(plan_->settings.health_period);
  Work(kSecond);
  const auto events = Events();
  const auto health = std::find_if(events.begin(), events.end(),
                                   [](const wire::Event& event) { return event.has_health(); });
  ASSERT_NE(health, events.end());
  EXPECT_EQ(health->health().priority(), "nice");
  EXPECT_EQ(health->health().update(), "shadow");
}

TEST_F(RecorderTest, FinishLeavesNothingBehind) {
  SettleStart();
  ASSERT_TRUE(outlets_->records.TryPush(Step(kSecond)));
  recorder_->Finish();
  EXPECT_EQ(Count(wire::Event::kFeatures), 1U);
  const auto bytes = files_.Read(WindowsPath(*plan_), 1 << 20);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(DecodeWindows(*plan_, *bytes)[0].step_end, kSecond);
}

TEST_F(RecorderTest, ALearnedBaselineIsWrittenDown) {
  Outcome learned = Step(kSecond);
  learned.learned = std::make_shared<const dsp::Standardizer>(std::vector<float>{1, 2, 3},
                                                              std::vector<float>{1, 1, 1});
  ASSERT_TRUE(outlets_->alerts.TryPush(std::move(learned)));
  Work();
  EXPECT_TRUE(LoadBaseline(*plan_, 0, files_));
}

}  // namespace
}  // namespace millwright::agent
