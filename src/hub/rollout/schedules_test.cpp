#include "hub/rollout/schedules.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "hub/rollout/maintenance.h"
#include "hub/rollout/test_releases.h"
#include "store/migrations.h"
#include "store/test_folder.h"
#include "zone/test_zones.h"

namespace millwright::hub {
namespace {

Nanos At(std::string_view text) { return *ParseUtc(text); }

class SchedulesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database && store::Migrate(**database));
    for (int i = 0; i < 4; ++i)
      AddTestDevice(**database, "gw-" + std::to_string(i), i < 2 ? "alder" : "birch");
    ASSERT_TRUE(files_.WriteDurably("/zones/Berlin", os::AsBytes(TestZoneFile(kBerlinRule))));
    AddTestRelease(files_, "/repo", "models/pump/1.tar", 1);
    StartHub();
  }
  // As after a restart: everything in memory is gone.
  void StartHub() {
    schedules_.reset();
    rollouts_.reset();
    maintenance_ = std::make_unique<Maintenance>(Open(), zones_, clock_);
    ASSERT_TRUE(maintenance_->Load());
    rollouts_ =
        std::make_unique<Rollouts>(Open(), releases_, clock_, ChangeHook(), maintenance_.get());
    schedules_ = std::make_unique<Schedules>(Open(), *rollouts_, zones_, clock_);
  }
  std::unique_ptr<store::Database> Open() {
    auto database = store::Database::Open(folder_.File("hub.db"));
    EXPECT_TRUE(database) << database.error().what;
    return std::move(*database);
  }
  // Every gateway takes what it is offered.
  void Take(jobs::Status status = jobs::Status::kSucceeded) {
    for (int i = 0; i < 4; ++i)
      rollouts_->WithJobs([&](JobTable& table) {
        const std::string device = "gw-" + std::to_string(i);
        auto pending = table.Pending(device);
        ASSERT_TRUE(pending);
        for (jobs::Execution& e : *pending) {
          e.status = status;
          ASSERT_TRUE(table.Save(device, e));
        }
      });
  }
  void Pass(Nanos length) {
    clock_.Advance(length);
    schedules_->Step();
    ASSERT_TRUE(rollouts_->Step());
    Take();
    ASSERT_TRUE(rollouts_->Step());
  }
  void PassUntil(std::string_view utc) { Pass(At(utc) - clock_.Utc()); }
  Schedule Set(std::string_view more = "") {
    const auto wanted = ReadSchedule(
        R"({"name":"monthly","line":"models/pump","zone":"Berlin","at":"02:30","first_day":"2027-02-26",)"
        R"("policy":{"waves":[1],"approval":false,"wave_min_s":0})" +
        std::string(more) + "}");
    EXPECT_TRUE(wanted) << wanted.error().what;
    const auto set = schedules_->Set(*wanted, "ana");
    EXPECT_TRUE(set) << set.error().what;
    return *set;
  }
  Schedule Now() { return schedules_->List()->at(0); }
  size_t Rolled() { return LoadRollouts(*Open(), 500)->size(); }

  store::TestFolder folder_;
  os::FakeClock clock_{At("2027-01-01T12:00:00Z")};
  os::FakeFiles files_;
  Zones zones_{files_, "/zones"};
  Releases releases_{files_, "/repo"};
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<Rollouts> rollouts_;
  std::unique_ptr<Schedules> schedules_;
};

TEST_F(SchedulesTest, ReadsWhatIsMeantAndNamesWhatIsWrong) {
  const auto plain = ReadSchedule(R"({"name":"a","line":"models/pump"})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->every_days, 30);
  EXPECT_EQ(plain->zone, "UTC");
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "object"},
      {R"({"line":"l"})", "name"},
      {R"({"name":"A b","line":"l"})", "name"},
      {R"({"name":"a"})", "line"},
      {R"({"name":"a","line":"l","every_days":0})", "every_days"},
      {R"({"name":"a","line":"l","first_day":"2027-02-30"})", "first_day"},
      {R"({"name":"a","line":"l","at":"24:00"})", "at"},
      {R"({"name":"a","line":"l","sites":"x"})", "sites"},
      {R"({"name":"a","line":"l","policy":{"waves":[2]}})", "policy.waves"},
      {R"({"name":"a","line":"l","often":1})", "often"},
  };
  for (const auto& [text, word] : cases) {
    const auto read = ReadSchedule(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().what.find(word), std::string::npos) << read.error().what;
  }
  EXPECT_FALSE(schedules_->Set({.name = "a", .line = "l", .zone = "Nowhere"}, "ana"));
}

// Every 30 days at half past two on the plant's wall: an hour that a clock skips in March.
TEST_F(SchedulesTest, KeepsTheTimeOnTheWallOverAYear) {
  Set();
  std::vector<std::string> begun;
  for (int64_t release = 2; clock_.Utc() < At("2028-01-01T00:00:00Z"); Pass(3600 * kSecond)) {
    if (Rolled() == begun.size()) continue;
    begun.push_back(FormatUtc(LoadRollouts(*Open(), 1)->front().created).substr(0, 16));
    AddTestRelease(files_, "/repo", "models/pump/" + std::to_string(release) + ".tar", release,
                   std::to_string(release));
    ++release;
  }
  EXPECT_EQ(begun,
            (std::vector<std::string>{"2027-02-26T02:00", "2027-03-28T01:00", "2027-04-27T01:00",
                                      "2027-05-27T01:00", "2027-06-26T01:00", "2027-07-26T01:00",
                                      "2027-08-25T01:00", "2027-09-24T01:00", "2027-10-24T01:00",
                                      "2027-11-23T02:00", "2027-12-23T02:00"}))
      << "looked at each full hour; 02:30 in Berlin is 01:30 or 00:30 in UTC";
}

TEST_F(SchedulesTest, WithoutAFirstDayItIsDueInThirty) {
  const auto set = schedules_->Set(*ReadSchedule(R"({"name":"a","line":"models/pump"})"), "ana");
  EXPECT_EQ(FormatUtc(set->next).substr(0, 16), "2027-01-31T00:00");
}

TEST_F(SchedulesTest, NothingNewStartsNothingAndIsTold) {
  Set();
  PassUntil("2027-02-26T01:30:00Z");
  EXPECT_EQ(Now().outcome, ScheduleOutcome::kStarted);
  EXPECT_EQ(Rolled(), 1U);
  PassUntil("2027-03-28T01:00:00Z");
  EXPECT_EQ(Now().outcome, ScheduleOutcome::kNothingNew);
  EXPECT_NE(Now().words.find("every gateway there has had"), std::string::npos);
  EXPECT_EQ(Rolled(), 1U);
  EXPECT_EQ(Now().next, At("2027-04-27T00:30:00Z"));
  AddTestDevice(*Open(), "gw-new", "alder");
  PassUntil("2027-04-27T00:30:00Z");
  EXPECT_EQ(Rolled(), 2U);
  EXPECT_EQ(rollouts_->Find(Now().rollout)->devices.size(), 1U) << "who has not had it yet";
}

TEST_F(SchedulesTest, AHubThatWasOffCatchesUpOnce) {
  Set();
  clock_.Advance(100 * kOneDay);
  StartHub();
  Pass(kSecond);
  EXPECT_EQ(Rolled(), 1U);
  EXPECT_NE(Now().words.find("due 2 times since 2027-02-26"), std::string::npos) << Now().words;
  EXPECT_EQ(Now().next, At("2027-04-27T00:30:00Z"));
  Pass(kSecond);
  EXPECT_EQ(Rolled(), 1U);
}

// The rollout was written, the schedule was not.
TEST_F(SchedulesTest, AKillInBetweenStartsNothingTwice) {
  const Schedule before = Set();
  PassUntil("2027-02-26T01:30:00Z");
  const std::string id = Now().rollout;
  ASSERT_TRUE(SaveSchedule(*Open(), before));
  StartHub();
  Pass(kSecond);
  EXPECT_EQ(Rolled(), 1U);
  EXPECT_EQ(Now().rollout, id);
  EXPECT_EQ(Now().outcome, ScheduleOutcome::kStarted);
}

TEST_F(SchedulesTest, OneOfALineAtATimeTheOtherWaits) {
  Set();
  const auto other = rollouts_->Start({.target = "models/pump/1.tar", .who = "ana"});
  ASSERT_TRUE(other);
  clock_.Advance(At("2027-02-26T01:30:00Z") - clock_.Utc());
  schedules_->Step();
  EXPECT_EQ(Now().outcome, ScheduleOutcome::kWaits);
  EXPECT_NE(Now().words.find(other->rollout.id), std::string::npos);
  ASSERT_TRUE(rollouts_->Abort(other->rollout.id, "ana", "too early"));
  AddTestRelease(files_, "/repo", "models/pump/2.tar", 2, "2");
  Pass(61 * kSecond);
  EXPECT_EQ(Now().outcome, ScheduleOutcome::kStarted) << Now().words;
}

TEST_F(SchedulesTest, WhatWasStoppedIsNotStartedAgain) {
  Set();
  clock_.Advance(At("2027-02-26T01:30:00Z") - clock_.Utc());
  schedules_->Step();
  Take(jobs::Status::kFailed);
  ASSERT_TRUE(rollouts_->Step());
  PassUntil("2027-03-28T01:00:00Z");
  EXPECT_EQ(Now().outcome, ScheduleOutcome::kStopped);
  EXPECT_NE(Now().words.find("was halted in"), std::string::npos) << Now().words;
  EXPECT_EQ(Rolled(), 1U);
}

TEST_F(SchedulesTest, IsPausedResumedAndRemoved) {
  Set();
  ASSERT_TRUE(schedules_->SetPaused("monthly", true, "ana"));
  EXPECT_FALSE(schedules_->SetPaused("monthly", true, "ana"));
  PassUntil("2027-03-01T00:00:00Z");
  EXPECT_EQ(Rolled(), 0U);
  ASSERT_TRUE(schedules_->SetPaused("monthly", false, "ana"));
  EXPECT_EQ(Now().next, At("2027-03-28T01:00:00Z")) << "what was skipped stays skipped";
  ASSERT_TRUE(schedules_->Remove("monthly", "ana"));
  EXPECT_TRUE(schedules_->List()->empty());
  EXPECT_EQ(schedules_->Remove("monthly", "ana").error().code, Errc::kNotFound);
}

TEST_F(SchedulesTest, APlanTellsWhenEachGatewayWouldBeReached) {
  Set(R"(,"every_days":7)");
  ASSERT_TRUE(maintenance_->Set({.site = "birch",
                                 .zone = "Berlin",
                                 .windows = {{.days = 1 << 6, .from_min = 22 * 60, .to_min = 60}}},
                                "ana"));
  const auto plan = schedules_->Plan("monthly");
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->outcome, ScheduleOutcome::kStarted);
  EXPECT_EQ(plan->at, At("2027-02-26T01:30:00Z"));
  for (const RolloutDevice& d : plan->rollout->devices)
    EXPECT_EQ(d.offered_from,
              At(d.site == "birch" ? "2027-02-28T21:00:00Z" : "2027-02-26T01:30:00Z"))
        << d.device;
  EXPECT_EQ(Rolled(), 0U);
}

TEST_F(SchedulesTest, JobsAreOfferedInsideTheWindowOnly) {
  ASSERT_TRUE(
      maintenance_->Set({.site = "birch",
                         .zone = "Berlin",
                         .windows = {{.days = 1 << 5, .from_min = 22 * 60, .to_min = 4 * 60}}},
                        "ana"));  // Saturday night
  StartHub();
  const auto started =
      rollouts_->Start({.target = "models/pump/1.tar",
                        .policy = *ReadPolicy(R"({"waves":[1],"approval":false,"wave_min_s":0})"),
                        .who = "ana"});
  ASSERT_TRUE(started);
  const auto offered = [&](const std::string& device) {
    size_t count = 0;
    rollouts_->WithJobs([&](JobTable& table) { count = table.Pending(device)->size(); });
    return count;
  };
  const auto reminded = [&] {
    size_t count = 0;
    rollouts_->WithJobs([&](JobTable& table) { count = table.Uninformed(kNever, kNever)->size(); });
    return count;
  };
  EXPECT_EQ(offered("gw-0"), 1U);
  EXPECT_EQ(offered("gw-2"), 0U);
  EXPECT_EQ(reminded(), 2U);
  const auto seen = rollouts_->Find(started->rollout.id);
  for (const RolloutDevice& d : seen->devices)
    EXPECT_EQ(d.offered_from, d.site == "birch" ? At("2027-01-02T21:00:00Z") : 0);
  clock_.Advance(At("2027-01-03T02:59:00Z") - clock_.Utc());  // Sunday, 03:59 on the wall
  EXPECT_EQ(reminded(), 4U);
  rollouts_->WithJobs([&](JobTable& table) {
    jobs::Execution e = table.Pending("gw-2")->front();
    e.status = jobs::Status::kInProgress;
    ASSERT_TRUE(table.Save("gw-2", e));
  });
  clock_.Advance(60 * kSecond);
  EXPECT_EQ(offered("gw-2"), 1U) << "what has begun is finished";
  EXPECT_EQ(offered("gw-3"), 0U);
  Take();  // gw-2 ends outside its window, and is sent back outside it too
  ASSERT_TRUE(rollouts_->Reverse(started->rollout.id, "ana", "it hums"));
  EXPECT_EQ(offered("gw-2"), 1U);
  ASSERT_TRUE(maintenance_->Set({.site = "birch"}, "ana"));
  EXPECT_TRUE(maintenance_->calendars()->empty());
}

// Delivery asks inside its transactions, while a person's change waits for the database.
TEST_F(SchedulesTest, WindowsAreAtHandWhileAChangeOfThemWaitsForTheDatabase) {
  auto other = Open();
  auto transaction = other->Begin();
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(other->Run("DELETE FROM site_windows", {}));
  std::thread person([&] {
    EXPECT_TRUE(maintenance_->Set(
        {.site = "birch", .windows = {{.days = 1, .from_min = 0, .to_min = 60}}}, "ana"));
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(maintenance_->calendars()->empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(transaction->Commit());
  person.join();
  EXPECT_EQ(maintenance_->calendars()->size(), 1U);
}

}  // namespace
}  // namespace millwright::hub
