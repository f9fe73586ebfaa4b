// Acts on alarms, over the real schema: what counts, what is taken back, what is never lost.
#include "hub/labels/labels.h"

#include <gtest/gtest.h>

#include "hub/labels/accuracy.h"
#include "hub/labels/export.h"
#include "hub/labels/inbox.h"
#include "hub/labels/standing.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

constexpr Nanos kHour = 3600 * kSecond;
constexpr Nanos kNow = 1'795'000'000 * kSecond;

class LabelsTest : public ::testing::Test {
 protected:
  LabelsTest() {
    database_ = Open();
    EXPECT_TRUE(store::Migrate(*database_));
    labels_ = std::make_unique<Labels>(Open(), clock_);
    for (const char* asset : {"P-1", "P-2"})
      Run("INSERT INTO assets (site, asset, area, name, device, machine_class, watch_from, "
          "classes, ts_ns, info) VALUES ('alder', '" +
          std::string(asset) +
          "', 'hall', 'Pump', 'gw-1', 'pump', 0.5, 'healthy,outer_race', 0, "
          "'')");
  }
  [[nodiscard]] std::unique_ptr<store::Database> Open() const {
    auto database = store::Database::Open(folder_.File("hub.db"));
    EXPECT_TRUE(database);
    return std::move(*database);
  }
  void Run(const std::string& sql) {
    const auto done = database_->Execute(sql);
    ASSERT_TRUE(done) << done.error().what;
  }
  AlarmRef Alarm(const std::string& key, int level = 2, const std::string& asset = "P-1",
                 Nanos raised = kNow - kHour) {
    Run("INSERT INTO alarms (device, alarm_key, site, area, asset, level, fault, action, score, "
        "model_name, model_hash, cause_id, speed_hz, steady, decision_ms, raised_ns, updated_ns, "
        "cleared_ns, arrived_ns, evidence_ns, evidence_epoch, evidence_lane, evidence_seq) VALUES "
        "('gw-1', '" +
        key + "', 'alder', 'hall', '" + asset + "', " + std::to_string(level) +
        ", 'outer_race', '', 0.9, 'm', 'abc', '', 0, 1, 1, " + std::to_string(raised) + ", " +
        std::to_string(raised) + ", NULL, " + std::to_string(raised + kSecond) + ", 0, 0, 0, 0)");
    return {.device = "gw-1", .key = key};
  }
  VerdictAct Confirm(const std::vector<AlarmRef>& alarms, const std::string& who = "ana") {
    return {.act = Next(who),
            .alarms = alarms,
            .state = VerificationState::kTruePositive,
            .fault = "outer_race"};
  }
  VerdictAct Reject(const std::vector<AlarmRef>& alarms, const std::string& reason,
                    const std::string& who = "ana") {
    return {.act = Next(who),
            .alarms = alarms,
            .state = VerificationState::kFalsePositive,
            .reason = reason};
  }
  Act Next(const std::string& who) {
    return {.id = "act-0000" + std::to_string(++acts_), .who = who};
  }
  Standing StandingOf(const AlarmRef& alarm) {
    const auto standing = WorkOutStanding(*database_, alarm.device, alarm.key);
    EXPECT_TRUE(standing);
    return standing.value_or(Standing{});
  }
  std::string Inbox(InboxView view) {
    const auto alarms = LoadInbox(*database_, {.view = view}, clock_.Utc());
    EXPECT_TRUE(alarms) << alarms.error().what;
    std::string keys;
    for (const AlarmRef& alarm : *alarms) keys += (keys.empty() ? "" : " ") + alarm.key;
    return keys;
  }

  os::FakeClock clock_{kNow};
  store::TestFolder folder_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Labels> labels_;
  int acts_ = 0;
};

TEST_F(LabelsTest, AVerdictIsALabelOfTheAlarmsWholeTime) {
  const AlarmRef alarm = Alarm("a");
  ASSERT_TRUE(labels_->Judge(Confirm({alarm})));
  const Standing standing = StandingOf(alarm);
  EXPECT_EQ(standing.verdict, "TRUE_POSITIVE");
  EXPECT_EQ(standing.who, "ana");
  Run("UPDATE alarms SET cleared_ns = " + std::to_string(kNow + kHour));
  const auto exported = LoadLabels(*database_, {});
  ASSERT_TRUE(exported) << exported.error().what;
  ASSERT_EQ(exported->size(), 1U);
  const LabelRow& label = exported->front();
  EXPECT_EQ(label.rating, "ANOMALY");
  EXPECT_EQ(label.start, kNow - kHour);
  EXPECT_EQ(label.end, kNow + kHour);
  EXPECT_EQ(label.arrived, kNow - kHour + kSecond);
  EXPECT_EQ(label.at, kNow);
  EXPECT_EQ(label.said_fault, "outer_race");
  EXPECT_EQ(label.model_hash, "abc");
}

TEST_F(LabelsTest, ReasonsDecideStateAndRating) {
  for (const Reason& reason : Reasons()) {
    const AlarmRef alarm = Alarm(std::string(reason.code));
    VerdictAct act = Reject({alarm}, std::string(reason.code));
    act.note = "why";
    ASSERT_TRUE(labels_->Judge(act));
    const Standing standing = StandingOf(alarm);
    EXPECT_EQ(standing.reason, reason.code);
    if (reason.code == kDuplicate) continue;
    EXPECT_EQ(standing.verdict, Name(reason.state));
    EXPECT_EQ(standing.rating, Name(reason.rating));
  }
}

TEST_F(LabelsTest, ADuplicateTakesWhatWasSaidOfTheOther) {
  const AlarmRef first = Alarm("a"), second = Alarm("b"), elsewhere = Alarm("c", 2, "P-2");
  ASSERT_TRUE(labels_->Judge(Reject({elsewhere}, std::string(kDuplicate))));
  EXPECT_EQ(StandingOf(elsewhere).verdict, "UNKNOWN");
  ASSERT_TRUE(labels_->Judge(Confirm({first})));
  clock_.Advance(kSecond);
  ASSERT_TRUE(labels_->Judge(Reject({second}, std::string(kDuplicate))));
  EXPECT_EQ(StandingOf(second).verdict, "TRUE_POSITIVE");
  EXPECT_EQ(StandingOf(second).fault, "outer_race");
}

TEST_F(LabelsTest, AnActSentAgainIsDoneOnce) {
  const AlarmRef alarm = Alarm("a");
  const VerdictAct act = Confirm({alarm});
  ASSERT_TRUE(labels_->Judge(act));
  const auto again = labels_->Judge(act);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->known);
  EXPECT_EQ(LoadLabels(*database_, {})->size(), 1U);
  VerdictAct other = act;
  other.fault = "inner_race";
  EXPECT_EQ(labels_->Judge(other).error().code, Errc::kConflict);
}

TEST_F(LabelsTest, AnActIsWholeOrNotAtAll) {
  const AlarmRef alarm = Alarm("a");
  const VerdictAct act = Confirm({alarm, {.device = "gw-1", .key = "none"}});
  EXPECT_EQ(labels_->Judge(act).error().code, Errc::kNotFound);
  EXPECT_FALSE(StandingOf(alarm).judged());
  EXPECT_TRUE(LoadLabels(*database_, {})->empty());
}

TEST_F(LabelsTest, UndoBringsBackWhatStoodBefore) {
  const AlarmRef alarm = Alarm("a");
  ASSERT_TRUE(labels_->Judge(Reject({alarm}, "not_a_fault")));
  clock_.Advance(kSecond);
  const VerdictAct second = Confirm({alarm});
  ASSERT_TRUE(labels_->Judge(second));
  EXPECT_EQ(StandingOf(alarm).verdict, "TRUE_POSITIVE");
  EXPECT_EQ(labels_->Undo(second.act.id, "ben").error().code, Errc::kConflict);
  ASSERT_TRUE(labels_->Undo(second.act.id, "ana"));
  EXPECT_EQ(StandingOf(alarm).verdict, "FALSE_POSITIVE");
  EXPECT_TRUE(labels_->Undo(second.act.id, "ana")->known);
  EXPECT_EQ(LoadLabels(*database_, {})->size(), 1U);
}

TEST_F(LabelsTest, TwoWhoDisagreeMakeItNeutral) {
  const AlarmRef alarm = Alarm("a");
  ASSERT_TRUE(labels_->Judge(Confirm({alarm}, "ana")));
  clock_.Advance(kSecond);
  ASSERT_TRUE(labels_->Judge(Reject({alarm}, "not_a_fault", "ben")));
  EXPECT_EQ(StandingOf(alarm).opinions, 2);
  EXPECT_FALSE(StandingOf(alarm).agreed);
  EXPECT_EQ(LoadLabels(*database_, {})->front().rating, "NEUTRAL");
  clock_.Advance(kSecond);
  ASSERT_TRUE(labels_->Judge(Confirm({alarm}, "ben")));  // changed their mind
  EXPECT_TRUE(StandingOf(alarm).agreed);
  EXPECT_EQ(LoadLabels(*database_, {})->front().rating, "ANOMALY");
}

TEST_F(LabelsTest, TheInboxHoldsWhatNobodyHasJudgedWorstFirst) {
  const AlarmRef a = Alarm("a", 1), b = Alarm("b", 3), c = Alarm("c", 2), d = Alarm("d", 2, "P-2");
  EXPECT_EQ(Inbox(InboxView::kToJudge), "b c d a");
  ASSERT_TRUE(labels_->Judge(Confirm({b})));
  ASSERT_TRUE(labels_->Shelve({.act = Next("ana"), .alarms = {c}, .life = kHour}));
  ASSERT_TRUE(labels_->Ask({.act = Next("ana"), .alarms = {d}, .note = "is it the coupling?"}));
  EXPECT_EQ(Inbox(InboxView::kToJudge), "a");
  EXPECT_EQ(Inbox(InboxView::kShelved), "c");
  EXPECT_EQ(Inbox(InboxView::kOpinion), "d");
  EXPECT_EQ(Inbox(InboxView::kJudged), "b");
  const auto counts = CountInbox(*database_, "alder", clock_.Utc());
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_EQ(counts->judge, 1);
  EXPECT_EQ(counts->judged_today, 1);
  EXPECT_EQ(counts->all, 4);
  clock_.Advance(kHour);  // a shelving ends by itself
  EXPECT_EQ(Inbox(InboxView::kToJudge), "c a");
  ASSERT_TRUE(labels_->Judge(Confirm({d}, "ana")));  // one's own verdict answers nobody's question
  EXPECT_EQ(Inbox(InboxView::kOpinion), "d");
  ASSERT_TRUE(labels_->Judge(Confirm({d}, "ben")));
  EXPECT_EQ(Inbox(InboxView::kOpinion), "");
}

TEST_F(LabelsTest, FiguresCountWhatIsKnown) {
  ASSERT_TRUE(labels_->Judge(Confirm({Alarm("a"), Alarm("b")})));
  ASSERT_TRUE(labels_->Judge(Reject({Alarm("c")}, "known_work")));
  ASSERT_TRUE(labels_->Judge({.act = Next("ana"), .alarms = {Alarm("d")}}));  // not checked
  const auto figures = LoadFigures(*database_, "", clock_.Utc());
  ASSERT_TRUE(figures) << figures.error().what;
  EXPECT_EQ(figures->real, 2);
  EXPECT_EQ(figures->known, 3);
  EXPECT_EQ(figures->to_verdict, kHour - kSecond);
  EXPECT_NEAR(figures->alarms_per_hour, 4 / 24.0, 1e-9);
  const auto similar = LoadSimilar(*database_, Alarm("e"), 2);
  ASSERT_TRUE(similar) << similar.error().what;
  EXPECT_EQ(similar->real, 2);
  EXPECT_EQ(similar->known, 3);
  EXPECT_EQ(similar->newest.size(), 2U);
}

TEST_F(LabelsTest, RangesAreLabelsToo) {
  RangeAct range{.act = Next("ana"), .site = "alder", .asset = "P-1", .from = kNow - kHour};
  range.to = kNow;
  range.rating = Rating::kAnomaly;
  EXPECT_EQ(labels_->Mark(range).error().code, Errc::kInvalid);  // which fault?
  range.fault = "unbalance";
  ASSERT_TRUE(labels_->Mark(range));
  EXPECT_TRUE(labels_->Mark(range)->known);
  range.act = Next("ana");
  range.asset = "P-9";
  EXPECT_EQ(labels_->Mark(range).error().code, Errc::kNotFound);
  const auto rows = LoadLabels(*database_, {.asset = "P-1"});
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().source, "range");
  EXPECT_EQ(DigestOf(*rows).size(), 64U);
  EXPECT_NE(DigestOf(*rows), DigestOf({}));
}

TEST_F(LabelsTest, AccuracyCountsAlarmsAndWhatWasMissed) {
  ASSERT_TRUE(labels_->Judge(Confirm({Alarm("a")})));
  ASSERT_TRUE(labels_->Judge(Reject({Alarm("b")}, "not_a_fault")));
  ASSERT_TRUE(labels_->Judge(Reject({Alarm("c")}, "sensor_fault")));  // neutral: on neither side
  const auto range = [&](const std::string& asset, Nanos from, Rating rating) {
    return labels_->Mark({.act = Next("ana"),
                          .site = "alder",
                          .asset = asset,
                          .from = from,
                          .to = from + kHour,
                          .rating = rating,
                          .fault = rating == Rating::kAnomaly ? "ball" : ""});
  };
  ASSERT_TRUE(range("P-2", kNow - kHour, Rating::kAnomaly));         // no alarm stood: missed
  ASSERT_TRUE(range("P-2", kNow - 10 * kHour, Rating::kNoAnomaly));  // and none should have
  ASSERT_TRUE(range("P-1", kNow - kHour / 2, Rating::kAnomaly));     // one did
  const auto fleet = LoadAccuracy(*database_, 0, kNow + 1);
  ASSERT_TRUE(fleet) << fleet.error().what;
  ASSERT_EQ(fleet->devices.size(), 1U);
  const DeviceAccuracy& device = fleet->devices.front();
  EXPECT_EQ(device.labels, 5);
  EXPECT_EQ(device.right, 3);
  EXPECT_EQ(device.missed, 1);
  EXPECT_EQ(device.false_alarms, 1);
  EXPECT_GT(device.estimate.interval.high, device.estimate.mean);
  EXPECT_FALSE(device.evidence);  // too few to say more
}

TEST_F(LabelsTest, ARiseOfErrorsIsSeenAndASteadyGatewayIsNot) {
  const auto judge = [&](int from, int count, int wrong_of_20) {
    Run("BEGIN");
    for (int i = from; i < from + count; ++i) {
      const AlarmRef alarm = Alarm("a" + std::to_string(i));
      Run("INSERT INTO labels SELECT 'act-" + std::to_string(i) +
          "', 0, site, asset, device, alarm_key, raised_ns, NULL, '" +
          (i % 20 < wrong_of_20 ? "NO_ANOMALY" : "ANOMALY") +
          "', 'x', '', '', '', 'alarm', '', 0, 0, '', '', 'ana', arrived_ns, " +
          std::to_string(kNow + i) + ", NULL FROM alarms WHERE alarm_key = '" + alarm.key + "'");
      ASSERT_TRUE(SaveStanding(*database_, alarm.device, alarm.key, StandingOf(alarm)));
    }
    Run("COMMIT");
  };
  judge(0, 1000, 1);
  const auto steady = LoadAccuracy(*database_, 0, kNow + 10000);
  ASSERT_TRUE(steady && steady->devices.front().evidence);
  EXPECT_FALSE(steady->devices.front().risen);
  judge(1000, 120, 8);
  const auto risen = LoadAccuracy(*database_, 0, kNow + 10000);
  ASSERT_TRUE(risen);
  EXPECT_TRUE(risen->devices.front().risen);
}

TEST_F(LabelsTest, WhatIsWrongIsNamed) {
  const AlarmRef alarm = Alarm("a");
  const auto fault = [&](const VerdictAct& act) { return labels_->Judge(act).error().what; };
  EXPECT_NE(fault(Reject({alarm}, "bad_mood")).find("bad_mood"), std::string::npos);
  EXPECT_NE(fault(Reject({alarm}, "other")).find("note"), std::string::npos);
  EXPECT_NE(fault(Confirm({})).find("at least one"), std::string::npos);
  EXPECT_NE(fault(Confirm({alarm, alarm})).find("twice"), std::string::npos);
  VerdictAct brief = Confirm({alarm});
  brief.act.id = "x";
  EXPECT_NE(fault(brief).find("id"), std::string::npos);
  EXPECT_FALSE(labels_->Shelve(
      {.act = Next("ana"), .alarms = {alarm}, .life = 91 * int64_t{86'400} * kSecond}));
}

}  // namespace
}  // namespace millwright::hub
