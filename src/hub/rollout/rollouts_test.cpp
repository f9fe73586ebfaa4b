#include "hub/rollout/rollouts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "hub/rollout/gates.h"
#include "hub/rollout/test_releases.h"
#include "jobs/jobs_server.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

class RolloutsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database) << database.error().what;
    ASSERT_TRUE(store::Migrate(**database));
    for (int i = 0; i < 6; ++i)
      AddTestDevice(**database, "gw-" + std::to_string(i), "site-" + std::to_string(i % 2));
    AddTestRelease(files_, "/repo", "models/pump/2.tar", 2);
    rollouts_ = std::make_unique<Rollouts>(std::move(*database), releases_, clock_);
  }
  RolloutView Start(std::string_view policy = R"({"wave_min_s":0,"waves":[0.34,1]})") {
    auto view = rollouts_->Start(
        {.target = "models/pump/2.tar", .policy = *ReadPolicy(policy), .who = "a person"});
    EXPECT_TRUE(view) << view.error().what;
    (void)rollouts_->Step();
    return *view;
  }
  // What each device with a pending job answers.
  void Answer(jobs::Status status, const std::string& job = "", const std::string& reason = "",
              const std::string& only = "") {
    for (int i = 0; i < 6; ++i) {
      const std::string device = "gw-" + std::to_string(i);
      if (!only.empty() && device != only) continue;
      rollouts_->WithJobs([&](JobTable& table) {
        auto pending = table.Pending(device);
        ASSERT_TRUE(pending);
        for (jobs::Execution& e : *pending) {
          if (!job.empty() && e.job_id != job) continue;
          e.status = status;
          e.details = {{"phase", "committed"}, {"reason", reason}};
          ASSERT_TRUE(table.Save(device, e));
        }
      });
    }
    clock_.Advance(kSecond);
    ASSERT_TRUE(rollouts_->Step());
  }
  // As ingest does; `device` empty: all.
  void SetOnline(const std::string& device, bool online) {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->Run("UPDATE devices SET online = $1 WHERE device = $2 OR $3 = ''",
                                 {online ? 1 : 0, device, device}));
  }
  void Sql(std::string_view statement, const store::Values& values) {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database);
    const auto done = (*database)->Run(statement, values);
    ASSERT_TRUE(done) << done.error().what;
  }
  void SetHardware(const std::string& device, const std::string& hardware) {
    Sql("UPDATE devices SET hardware = $1 WHERE device = $2", {hardware, device});
  }
  void AddMachine(const std::string& device, const std::string& machine_class) {
    Sql("INSERT INTO assets (site, asset, area, name, device, machine_class, watch_from, classes, "
        "ts_ns, info) VALUES ('s', $1, '', '', $1, $2, 0, '', 0, $3)",
        {device, machine_class, store::Blob()});
  }
  int64_t Count(const std::string& status) {
    int64_t count = 0;
    const auto view = rollouts_->Find(id_);
    for (const RolloutDevice& d : view->devices) count += d.status == status ? 1 : 0;
    return count;
  }
  RolloutState StateNow() { return rollouts_->Find(id_)->rollout.state; }

  store::TestFolder folder_;
  os::FakeClock clock_;
  os::FakeFiles files_;
  Releases releases_{files_, "/repo"};
  std::unique_ptr<Rollouts> rollouts_;
  std::string id_;
};

TEST_F(RolloutsTest, GoesWaveByWaveAndWaitsForAPersonBeforeTheLast) {
  id_ = Start().rollout.id;
  EXPECT_EQ(Count("QUEUED"), 2) << "one gateway of each site";
  Answer(jobs::Status::kSucceeded);
  EXPECT_EQ(StateNow(), RolloutState::kWaiting);
  ASSERT_TRUE(rollouts_->Approve(id_, "a person"));
  ASSERT_TRUE(rollouts_->Step());
  EXPECT_EQ(Count("QUEUED"), 4);
  Answer(jobs::Status::kSucceeded);
  EXPECT_EQ(StateNow(), RolloutState::kDone);
}

TEST_F(RolloutsTest, ABadCanaryHaltsItAndTheRestKeepTheirModel) {
  id_ = Start().rollout.id;
  Answer(jobs::Status::kFailed, "", "confidence fell by 0.08");
  EXPECT_EQ(StateNow(), RolloutState::kHalted);
  const auto view = *rollouts_->Find(id_);
  EXPECT_NE(view.rollout.reason.find("refused it or went back"), std::string::npos);
  EXPECT_EQ(view.devices.front().reason, "confidence fell by 0.08");
  EXPECT_EQ(Count("FAILED"), 2);
  EXPECT_EQ(Count(""), 4);
}

TEST_F(RolloutsTest, ReversedDevicesGoBackAndThoseUnderWayStop) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.34,1],"approval":false})").rollout.id;
  Answer(jobs::Status::kSucceeded);
  EXPECT_EQ(Count("QUEUED"), 4);
  ASSERT_TRUE(rollouts_->Reverse(id_, "a person", "it vibrates"));
  ASSERT_TRUE(rollouts_->Step());
  EXPECT_EQ(Count("CANCELED"), 4);
  int64_t undone = 0;
  rollouts_->WithJobs([&](JobTable& table) {
    for (int i = 0; i < 6; ++i) {
      const auto pending = *table.Pending("gw-" + std::to_string(i));
      for (const jobs::Execution& e : pending) {
        ++undone;
        EXPECT_EQ(json::parse(e.document)["operation"], "millwright.undo");
        EXPECT_EQ(json::parse(e.document)["reason"], "it vibrates");
      }
    }
  });
  EXPECT_EQ(undone, 2);
  EXPECT_EQ(StateNow(), RolloutState::kReversing);
  Answer(jobs::Status::kSucceeded, id_ + "-undo");
  EXPECT_EQ(StateNow(), RolloutState::kReversed);
}

// It was away when the rollout was taken back, and its trial had gone well meanwhile.
TEST_F(RolloutsTest, OneThatFinishedWhileItWasAwayGoesBackToo) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.34,1],"approval":false})").rollout.id;
  ASSERT_TRUE(rollouts_->Reverse(id_, "a person", "it vibrates"));
  ASSERT_TRUE(rollouts_->Step());
  ASSERT_EQ(StateNow(), RolloutState::kReversed);
  const std::string device = rollouts_->Find(id_)->devices.front().device;
  std::string answered;
  rollouts_->WithJobs([&](JobTable& table) {
    jobs::JobsServer server(table, clock_, "t", [&](const std::string& topic, const std::string&) {
      answered = topic;
    });
    const std::string report = R"({"status":"SUCCEEDED","statusDetails":{"phase":"committed"}})";
    server.OnMessage("t/" + device + "/jobs/" + id_ + "/update",
                     std::as_bytes(std::span(report.data(), report.size())));
  });
  EXPECT_TRUE(answered.ends_with("/rejected")) << "the contract's answer, whatever the book says";
  EXPECT_EQ(Count("SUCCEEDED"), 1);
  ASSERT_TRUE(rollouts_->Step());
  EXPECT_EQ(StateNow(), RolloutState::kReversing);
  Answer(jobs::Status::kSucceeded, id_ + "-undo", "", device);
  EXPECT_EQ(StateNow(), RolloutState::kReversed);
  EXPECT_EQ(rollouts_->Find(id_)->devices.front().undo_status, "SUCCEEDED");
}

TEST_F(RolloutsTest, PausedItQueuesNothing) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.34,1],"approval":false})").rollout.id;
  ASSERT_TRUE(rollouts_->Pause(id_, "a person"));
  Answer(jobs::Status::kSucceeded);
  EXPECT_EQ(Count("QUEUED"), 0);
  ASSERT_TRUE(rollouts_->Resume(id_, "a person"));
  ASSERT_TRUE(rollouts_->Step());
  EXPECT_EQ(Count("QUEUED"), 4);
}

TEST_F(RolloutsTest, OneRolloutOfALineAtATime) {
  id_ = Start().rollout.id;
  EXPECT_EQ(rollouts_->Start({.target = "models/pump/2.tar"}).error().code, Errc::kConflict);
  ASSERT_TRUE(rollouts_->Abort(id_, "a person", ""));
  EXPECT_EQ(StateNow(), RolloutState::kAborted);
  EXPECT_EQ(Count("CANCELED"), 2);
  EXPECT_EQ(rollouts_->Abort(id_, "a person", "").error().code, Errc::kConflict);
}

TEST_F(RolloutsTest, ADryRunTellsThePlacesAndDoesNothing) {
  const auto view = rollouts_->Start(
      {.target = "models/pump/2.tar", .cohort = {.sites = {"site-1"}}, .dry_run = true});
  ASSERT_TRUE(view) << view.error().what;
  EXPECT_EQ(view->devices.size(), 3U);
  rollouts_->WithJobs([](JobTable& table) { EXPECT_TRUE(table.Pending("gw-1")->empty()); });
}

TEST_F(RolloutsTest, ACohortIsNamedByHardwareAndByMachineClass) {
  SetHardware("gw-1", "Raspberry Pi 4 Model B Rev 1.4");
  SetHardware("gw-2", "NVIDIA Jetson Nano Developer Kit");
  AddMachine("gw-2", "pump");
  AddMachine("gw-3", "fan");
  const auto members = [&](Cohort cohort) {
    std::vector<std::string> names;
    const auto view = rollouts_->Start(
        {.target = "models/pump/2.tar", .cohort = std::move(cohort), .dry_run = true});
    if (view)
      for (const RolloutDevice& d : view->devices) names.push_back(d.device);
    std::ranges::sort(names);
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(members({.hardware = {"Raspberry Pi 4"}}), Names{"gw-1"});
  EXPECT_EQ(members({.hardware = {"Raspberry", "NVIDIA"}}), (Names{"gw-1", "gw-2"}));
  EXPECT_EQ(members({.machine_classes = {"pump", "fan"}}), (Names{"gw-2", "gw-3"}));
  EXPECT_EQ(members({.hardware = {"NVIDIA"}, .machine_classes = {"pump"}}), Names{"gw-2"});
  EXPECT_TRUE(members({.hardware = {"NVIDIA"}, .machine_classes = {"fan"}}).empty());
}

TEST_F(RolloutsTest, TwoRolloutsOfALineRunSideBySideWhereTheyShareNoGateway) {
  const auto start = [&](Cohort cohort) {
    return rollouts_->Start({.target = "models/pump/2.tar", .cohort = std::move(cohort)});
  };
  const auto one = start({.devices = {"gw-1", "gw-2"}});
  ASSERT_TRUE(one) << one.error().what;
  clock_.Advance(kSecond);
  const auto other = start({.devices = {"gw-3"}});
  ASSERT_TRUE(other) << other.error().what;
  EXPECT_EQ(start({.devices = {"gw-2", "gw-4"}}).error().code, Errc::kConflict);
  EXPECT_EQ(rollouts_->Find(one->rollout.id)->rollout.cohort.devices,
            (std::vector<std::string>{"gw-1", "gw-2"}));
}

TEST_F(RolloutsTest, AReleaseTellsWhatItsBundleSaysOfItself) {
  const auto offers = rollouts_->Offers();
  ASSERT_TRUE(offers);
  ASSERT_FALSE(offers->empty());
  const ReleaseDetail& detail = offers->front().detail;
  const model::Manifest wanted = model::MakeTestManifest();
  EXPECT_EQ(detail.created, wanted.created);
  EXPECT_EQ(detail.steps, wanted.model.steps);
  EXPECT_EQ(detail.classes.size(), wanted.classes.size());
  EXPECT_EQ(detail.lineage.data_hash, wanted.lineage.data_hash);
  EXPECT_GT(detail.model_bytes, 0U);
}

TEST(ReleaseDetail, FiguresAreThoseOfTheReportThatAreNumbers) {
  const std::string manifest = model::WriteManifest(model::MakeTestManifest());
  const std::string report = R"({"far":0.02,"macro_f1":"high","mar":null,"rows":3,"pr_auc":0.9})";
  const std::vector<model::PackedFile> pack{
      {.name = "manifest.json", .bytes = os::AsBytes(manifest)},
      {.name = "report.json", .bytes = os::AsBytes(report)}};
  const auto detail = ReadDetail(pack);
  ASSERT_TRUE(detail) << detail.error().what;
  using Figures = std::vector<std::pair<std::string, double>>;
  EXPECT_EQ(detail->figures, (Figures{{"pr_auc", 0.9}, {"far", 0.02}}));
}

TEST_F(RolloutsTest, WhatDoesNotExistIsNamed) {
  EXPECT_EQ(rollouts_->Start({.target = "models/none/1.tar"}).error().code, Errc::kNotFound);
  const auto device =
      rollouts_->Start({.target = "models/pump/2.tar", .cohort = {.devices = {"gw-99"}}});
  EXPECT_NE(device.error().what.find("gw-99"), std::string::npos);
  EXPECT_EQ(rollouts_->Find("r-none").error().code, Errc::kNotFound);
}

TEST_F(RolloutsTest, OneThatWaitsForAbsentGatewaysGivesWayToTheNext) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.5,1],"approval":false})").rollout.id;
  Answer(jobs::Status::kSucceeded);
  EXPECT_EQ(Count("QUEUED"), 3);
  EXPECT_EQ(rollouts_->Start({.target = "models/pump/2.tar"}).error().code, Errc::kConflict)
      << "these are there and will answer";
  SetOnline("", false);
  const std::string before = id_;
  clock_.Advance(kSecond);
  id_ = Start().rollout.id;
  EXPECT_NE(id_, before);
  const auto old = *rollouts_->Find(before);
  EXPECT_EQ(old.rollout.state, RolloutState::kDone);
  EXPECT_NE(old.rollout.reason.find("3 gateways were not heard"), std::string::npos)
      << old.rollout.reason;
  EXPECT_EQ(old.devices.back().status, "CANCELED");
}

TEST_F(RolloutsTest, AHaltTakesBackWhatHadCommittedWhereThePolicySaysSo) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.34,1],"approval":false,"reverse_on_halt":true})")
            .rollout.id;
  Answer(jobs::Status::kSucceeded);
  Answer(jobs::Status::kFailed, id_, "silent on 100 % of the windows");
  EXPECT_EQ(StateNow(), RolloutState::kReversing);
  Answer(jobs::Status::kSucceeded, id_ + "-undo");
  EXPECT_EQ(StateNow(), RolloutState::kReversed);
  EXPECT_NE(rollouts_->Find(id_)->rollout.reason.find("went back"), std::string::npos);
}

TEST_F(RolloutsTest, OneThatWaitsForAPersonStillHaltsByItself) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.5,1],"success_share":0.6})").rollout.id;
  const auto devices = rollouts_->Find(id_)->devices;
  Answer(jobs::Status::kSucceeded, "", "", devices[0].device);
  Answer(jobs::Status::kSucceeded, "", "", devices[1].device);
  ASSERT_EQ(StateNow(), RolloutState::kWaiting);
  Answer(jobs::Status::kFailed, "", "too slow", devices[2].device);
  EXPECT_EQ(StateNow(), RolloutState::kHalted);
}

TEST_F(RolloutsTest, ItsLogTellsWhatGatewaysAndPeopleDid) {
  id_ = Start(R"({"wave_min_s":0,"waves":[0.34,1]})").rollout.id;
  Answer(jobs::Status::kSucceeded);
  ASSERT_TRUE(rollouts_->Approve(id_, "ana"));
  ASSERT_TRUE(rollouts_->Step());
  auto reader = *store::Database::Open(folder_.File("hub.db"), {.read_only = true});
  std::vector<std::string> said;
  const auto log = LoadRolloutLog(*reader, id_, 100);
  ASSERT_TRUE(log) << log.error().what;
  for (const RolloutLogLine& line : *log) said.insert(said.begin(), line.who + ": " + line.what);
  ASSERT_EQ(said.size(), 6U);
  EXPECT_EQ(said[0], "a person: rollout started");
  EXPECT_NE(said[1].find("committed"), std::string::npos);
  EXPECT_EQ(said[3], "hub: rollout waits");
  EXPECT_EQ(said[4], "ana: rollout approved");
  EXPECT_EQ(said[5], "hub: wave 2 begins");
  EXPECT_EQ(rollouts_->Find(id_)->rollout.approved_by, "ana");
}

TEST_F(RolloutsTest, CountsAndGatesSayWhereItStands) {
  id_ = Start(R"({"wave_min_s":60,"waves":[0.34,1]})").rollout.id;
  SetOnline("gw-5", false);
  auto reader = *store::Database::Open(folder_.File("hub.db"), {.read_only = true});
  const auto count = [&](MemberState state) {
    return CountMembers(*reader, id_, 0)->by_state[static_cast<size_t>(state)];
  };
  EXPECT_EQ(CountMembers(*reader, id_, 0)->waves, 2);
  EXPECT_EQ(CountMembers(*reader, id_, 0)->devices, 6);
  EXPECT_EQ(count(MemberState::kQueued) + count(MemberState::kWaiting), 5);
  EXPECT_EQ(count(MemberState::kNotHeard), 1);
  const auto view = *rollouts_->Find(id_);
  const auto gates = GatesOf(view.rollout, ProgressOf(view.rollout, view.devices, clock_.Utc()));
  ASSERT_EQ(gates.size(), 4U);
  EXPECT_EQ(gates[0].result, GateResult::kPass);
  EXPECT_EQ(gates[1].now, "0 of 2");
  EXPECT_EQ(gates[2].limit, "at least 60 s");
  EXPECT_EQ(gates[3].now, "not yet");
}

TEST_F(RolloutsTest, GatewaysFetchMetadataAndPackAsStreams) {
  const auto offers = rollouts_->Offers();
  ASSERT_EQ(offers->size(), 1U);
  const ReleaseInfo& release = offers->front();
  rollouts_->WithReleases([&](Releases& releases) {
    const auto metadata = *releases.Describe("gw-0", kMetadataStream);
    EXPECT_EQ(metadata->text, R"(["1.root.json","1.targets.json"])");
    const std::string stream = PackStream(release.pack_sha256);
    const auto pack = *releases.Describe("gw-0", stream);
    ASSERT_TRUE(pack);
    EXPECT_EQ(pack->files[0].bytes, release.pack_bytes);
    os::Bytes whole;
    for (uint64_t at = 0; at < release.pack_bytes; at += 1000) {
      const auto part = *releases.Read("gw-0", stream, 0, at, 1000);
      whole.insert(whole.end(), part.begin(), part.end());
    }
    EXPECT_EQ(crypto::Sha256Hex(std::span<const std::byte>(whole)), release.pack_sha256);
    EXPECT_FALSE(*releases.Describe("gw-0", "mw-pack-none"));
  });
}

}  // namespace
}  // namespace millwright::hub
