// A machine is repaired: what the hub's database says afterwards.
#include <gtest/gtest.h>

#include "hub/labels/accuracy.h"
#include "hub/labels/baselines.h"
#include "hub/labels/export.h"
#include "hub/labels/labels.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

constexpr Nanos kNow = 1'795'000'000 * kSecond;
constexpr Nanos kHour = 3600 * kSecond;

class ServiceActTest : public ::testing::Test {
 protected:
  ServiceActTest() {
    database_ = std::move(*store::Database::Open(folder_.File("hub.db")));
    EXPECT_TRUE(store::Migrate(*database_));
    labels_ =
        std::make_unique<Labels>(std::move(*store::Database::Open(folder_.File("hub.db"))), clock_);
    Run("INSERT INTO assets (site, asset, area, name, device, machine_class, watch_from, classes, "
        "ts_ns, info) VALUES ('alder', 'P-1', 'hall', 'Pump', 'gw-1', 'pump', 0.5, 'healthy', 0, "
        "'')");
    for (const char* key : {"a", "b"})
      Run("INSERT INTO alarms (device, alarm_key, site, area, asset, level, fault, action, score, "
          "model_name, model_hash, cause_id, speed_hz, steady, decision_ms, raised_ns, updated_ns, "
          "cleared_ns, arrived_ns, evidence_ns, evidence_epoch, evidence_lane, evidence_seq) "
          "VALUES ('gw-1', '" +
          std::string(key) + "', 'alder', 'hall', 'P-1', 2, 'ball', '', 0.9, 'm', 'h', '', 0, 1, " +
          "1, " + std::to_string(kNow - kHour) + ", " + std::to_string(kNow - kHour) +
          ", NULL, 0, 0, 0, 0, 0)");
  }
  void Run(const std::string& sql) {
    const auto done = database_->Execute(sql);
    ASSERT_TRUE(done) << done.error().what;
  }
  int64_t Count(const std::string& of) {
    int64_t count = -1;
    EXPECT_TRUE(database_->First("SELECT COUNT(*) FROM " + of, {},
                                 [&](const store::Row& row) { count = row.Int(0); }));
    return count;
  }
  static ServiceAct Act(const std::string& id = "act-00001") {
    return {.act = {.id = id, .who = "ana"},
            .site = "alder",
            .asset = "P-1",
            .from = kNow - 2 * kHour,
            .to = kNow,
            .note = "new bearing"};
  }

  os::FakeClock clock_{kNow};
  store::TestFolder folder_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Labels> labels_;
};

TEST_F(ServiceActTest, ClosesItsAlarmsBlanksTheTimeAndStandsInTheAudit) {
  const auto acted = labels_->Service(Act());
  ASSERT_TRUE(acted) << acted.error().what;
  EXPECT_EQ(acted->changed.size(), 2U);
  EXPECT_EQ(Count("alarms WHERE cleared_ns IS NULL"), 0);
  EXPECT_EQ(Count("alarms WHERE closed_by = 'act-00001'"), 2);
  EXPECT_EQ(Count("audit WHERE who = 'ana' AND what = 'repaired' AND subject = 'alder/P-1'"), 1);
  const auto labels = LoadLabels(*database_, {});
  ASSERT_TRUE(labels);
  ASSERT_EQ(labels->size(), 1U);
  EXPECT_EQ((*labels)[0].rating, "NEUTRAL");
  EXPECT_EQ((*labels)[0].source, "service");
  EXPECT_EQ((*labels)[0].start, kNow - 2 * kHour);
}

TEST_F(ServiceActTest, SentTwiceItIsDoneOnceAndOneThatDiffersIsRefused) {
  ASSERT_TRUE(labels_->Service(Act()));
  EXPECT_TRUE(labels_->Service(Act())->known);
  EXPECT_EQ(Count("services"), 1);
  ServiceAct other = Act();
  other.replaced = true;
  EXPECT_EQ(labels_->Service(other).error().code, Errc::kConflict);
}

TEST_F(ServiceActTest, OrdersOfOneMachineGrowEvenWhereTheClockStands) {
  for (const char* id : {"act-00001", "act-00002", "act-00003"})
    ASSERT_TRUE(labels_->Service(Act(id)));
  EXPECT_EQ(Count("(SELECT DISTINCT at_ns FROM services) t"), 3);
}

TEST_F(ServiceActTest, WhatIsWrongIsNamed) {
  ServiceAct act = Act();
  act.asset = "P-9";
  EXPECT_EQ(labels_->Service(act).error().code, Errc::kNotFound);
  act = Act();
  act.from = act.to;
  EXPECT_EQ(labels_->Service(act).error().code, Errc::kInvalid);
  act = Act();
  act.to = kNow + 48 * kHour;
  EXPECT_EQ(labels_->Service(act).error().code, Errc::kInvalid);
  act = Act("short");
  EXPECT_EQ(labels_->Service(act).error().code, Errc::kInvalid);
  EXPECT_EQ(Count("services"), 0);
}

TEST_F(ServiceActTest, AVerdictInTheBlankedTimeCountsForNoAccuracy) {
  ASSERT_TRUE(labels_->Judge({.act = {.id = "act-00009", .who = "ana"},
                              .alarms = {{.device = "gw-1", .key = "a"}},
                              .state = VerificationState::kTruePositive,
                              .fault = "ball"}));
  EXPECT_EQ(LoadAccuracy(*database_, 0, INT64_MAX)->devices.size(), 1U);
  ASSERT_TRUE(labels_->Service(Act()));
  EXPECT_TRUE(LoadAccuracy(*database_, 0, INT64_MAX)->devices.empty());
}

TEST_F(ServiceActTest, EachServiceBeginsABaselineOnceItsGatewayTookIt) {
  ASSERT_TRUE(labels_->Service(Act()));
  auto all = LoadBaselines(*database_, "alder", "P-1");
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ(all->versions.size(), 1U);
  EXPECT_EQ(all->pending, std::vector<std::string>{"act-00001"});
  Run("UPDATE services SET done_ns = " + std::to_string(kNow + kHour));
  for (const Nanos learned : {kNow - kHour, kNow + 2 * kHour})
    Run("INSERT INTO baseline_history (device, file, learned_ns, site, asset, document) VALUES "
        "('gw-1', 'P-1.json', " +
        std::to_string(learned) + ", 'alder', 'P-1', '')");
  all = LoadBaselines(*database_, "alder", "P-1");
  ASSERT_EQ(all->versions.size(), 2U);
  EXPECT_EQ(all->versions[0].to, kNow + kHour);
  EXPECT_EQ(all->versions[0].learned, kNow - kHour);
  EXPECT_EQ(all->versions[1].learned, kNow + 2 * kHour);
  EXPECT_EQ(all->versions[1].kind, "repaired");
  EXPECT_EQ(all->versions[1].who, "ana");
  EXPECT_TRUE(all->pending.empty());
  EXPECT_FALSE(LoadBaselines(*database_, "alder", "P-9"));
}

}  // namespace
}  // namespace millwright::hub
