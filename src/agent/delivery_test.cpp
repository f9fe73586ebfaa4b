// A model's whole way onto a gateway: a hub with jobs, streams and signed metadata, the whole agent
// on fake brokers and a fake clock, its real slots on a real disk. Ticked by hand.
#include "agent/delivery.h"

#include <gtest/gtest.h>

#include <set>

#include "agent/agent.h"
#include "agent/models.h"
#include "agent/testing/delivery_hub.h"
#include "agent/testing/plant.h"
#include "agent/testing/tuned_models.h"
#include "model/config_bundle.h"

namespace millwright::agent {
namespace {

using nlohmann::json;
using testing::Steady;

// Every decision that the agent publishes.
class Decisions : public mqtt::Listener {
 public:
  explicit Decisions(mqtt::FakeBroker& broker)
      : client_(broker.MakeClient({.client_id = "decisions"})) {
    EXPECT_TRUE(client_->Start(*this));
    EXPECT_TRUE(client_->Subscribe("mw/alder/hall/P-1/decision", 1));
  }
  void Work() { client_->Poll(0); }
  void OnMessage(const mqtt::Message& message) override {
    const json decision = json::parse(os::AsText(message.payload));
    if (!decision["heartbeat"].get<bool>() && !message.retain) all.push_back(decision);
  }
  std::vector<json> all;

 private:
  std::unique_ptr<mqtt::Client> client_;
};

class DeliveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTuned(files_, folder_.path() + "/bundle", "1", Steady(3)));
    const os::Bytes& root = hub_.repository.on_shelf("metadata/1.root.json");
    ASSERT_TRUE(files_.WriteFast(folder_.path() + "/root.json", root));
    Boot();
    Live(40);
  }
  void Boot() {
    const std::string text = testing::ConfigText(folder_.path(), 1) +
                             "[delivery]\nenabled = true\nroot = \"" + folder_.path() +
                             "/root.json\"\nblock_bytes = 256\n"
                             "windows_min = 120\ntime_min_s = 10\n";
    auto settings = ReadSettings(text, "agent.toml");
    ASSERT_TRUE(settings) << settings.error().what;
    settings_ = *settings;
    Environment environment = {clock_, files_, [this](mqtt::Options options) {
                                 const bool local = options.client_id.starts_with("mw-agent");
                                 return (local ? local_ : remote_).MakeClient(std::move(options));
                               }};
    environment.boot_id = "boot-1";
    auto agent = Agent::Make(std::move(*settings), std::move(environment));
    ASSERT_TRUE(agent) << agent.error().what;
    agent_ = std::move(*agent);
    ASSERT_TRUE(agent_->StartStepped());
    agent_->Step();
  }
  void Live(int steps) {
    for (int i = 0; i < steps; ++i) {
      sensors_.Step();
      clock_.Advance(200 * kMillisecond);
      for (int turn = 0; turn < 3; ++turn) {
        agent_->Step();
        hub_.Work();
        decisions_.Work();
      }
    }
  }
  // Until the job says so; false where it never does.
  bool LiveUntil(const std::string& job, const std::string& phase, int steps_max = 3000) {
    for (int i = 0; i < steps_max; ++i) {
      if (hub_.Phase(job) == phase) return true;
      Live(1);
    }
    ADD_FAILURE() << job << " is in phase " << hub_.Phase(job) << ": " << hub_.Reason(job);
    return false;
  }
  std::string Push(const std::string& job, int64_t release,
                   const model::QuantizedClassifier& classifier) {
    const std::string folder = folder_.path() + "/" + job;
    EXPECT_TRUE(testing::WriteTuned(files_, folder, job, classifier));
    return hub_.Push(files_, folder, job, release);
  }
  // Until the slots stand there, turn by turn.
  bool LiveUntil(slots::Phase phase, int steps_max = 3000) {
    for (int i = 0; i < steps_max; ++i) {
      sensors_.Step();
      clock_.Advance(200 * kMillisecond);
      for (int turn = 0; turn < 3; ++turn) {
        agent_->Step();
        if (agent_->figures().update == phase) return true;
        hub_.Work();
      }
    }
    ADD_FAILURE() << "never " << slots::Name(phase);
    return false;
  }
  void Kill() {
    agent_.reset();
    Boot();
  }
  [[nodiscard]] std::string Serving() {
    auto slots = slots::Slots::Open(disk_, clock_, ModelsFolder(settings_), {});
    return slots::ServingOf((*slots)->state())->digest;
  }
  // Every window of the steps that were lived was decided exactly once, by whichever model.
  void ExpectEachWindowOnce() {
    Nanos last = 0;
    uint64_t seq = 0;
    for (const json& d : decisions_.all) {
      if (d["state"] != "running") continue;
      if (last != 0) {
        EXPECT_EQ(d["step_end"].get<Nanos>(), last + 200 * kMillisecond);
        EXPECT_EQ(d["seq"].get<uint64_t>(), seq + 1);
      }
      last = d["step_end"].get<Nanos>();
      seq = d["seq"].get<uint64_t>();
    }
    EXPECT_GT(seq, 100U);
  }
  [[nodiscard]] std::set<std::string> ModelsThatDecided() const {
    std::set<std::string> out;
    for (const json& d : decisions_.all) out.insert(d["model_hash"].get<std::string>());
    return out;
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  os::RealDisk disk_;
  os::FakeClock clock_;
  mqtt::FakeBroker local_, remote_;
  testing::DeliveryHub hub_{remote_, clock_};
  testing::Sensors sensors_{local_, "P-1", clock_.Utc()};
  Decisions decisions_{local_};
  Settings settings_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(DeliveryTest, AGoodModelGoesLiveWithEveryWindowDecidedExactlyOnce) {
  const std::string digest = Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("good", "shadow"));
  EXPECT_NE(Serving(), digest);
  ASSERT_TRUE(LiveUntil("good", "probation"));
  ASSERT_TRUE(LiveUntil("good", "committed"));
  EXPECT_EQ(hub_.Of("good")->status, jobs::Status::kSucceeded);
  EXPECT_EQ(hub_.Of("good")->details["serving"], digest);
  EXPECT_TRUE(hub_.Of("good")->details["trial"].starts_with("probation "));
  EXPECT_EQ(Serving(), digest);
  EXPECT_EQ(agent_->figures().swaps, 1U);
  Live(20);
  EXPECT_EQ(ModelsThatDecided().size(), 2U);
  ExpectEachWindowOnce();
}

TEST_F(DeliveryTest, AWorseModelIsRefusedInShadowAndNeverDecides) {
  const std::string before = Serving();
  Push("bad", 1, Steady(1.5));
  ASSERT_TRUE(LiveUntil("bad", "refused"));
  EXPECT_EQ(hub_.Of("bad")->status, jobs::Status::kFailed);
  EXPECT_NE(hub_.Reason("bad").find("confidence fell by 0.2"), std::string::npos)
      << hub_.Reason("bad");
  EXPECT_EQ(Serving(), before);
  EXPECT_EQ(agent_->figures().swaps, 0U);
  Live(20);
  EXPECT_EQ(ModelsThatDecided().size(), 1U);
  ExpectEachWindowOnce();
}

TEST_F(DeliveryTest, AModelThatTurnsBadInProbationIsRolledBack) {
  const std::string before = Serving();
  Push("two-faced", 1, testing::TwoFaced());
  ASSERT_TRUE(LiveUntil("two-faced", "probation"));
  sensors_.amplitude = 3;
  ASSERT_TRUE(LiveUntil("two-faced", "rolled_back"));
  EXPECT_EQ(hub_.Of("two-faced")->status, jobs::Status::kFailed);
  EXPECT_EQ(hub_.Of("two-faced")->details["serving"], before);
  EXPECT_EQ(Serving(), before);
  EXPECT_EQ(agent_->figures().swaps, 2U);
  Live(20);
  ExpectEachWindowOnce();
}

class KilledInPhase : public DeliveryTest, public ::testing::WithParamInterface<slots::Phase> {};

TEST_P(KilledInPhase, GoesOnFromThereAndCommits) {
  const std::string digest = Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil(GetParam()));
  const uint64_t read = hub_.blocks_read;
  Kill();
  EXPECT_NE(agent_->figures().update, slots::Phase::kIdle);
  ASSERT_TRUE(LiveUntil("good", "committed"));
  EXPECT_EQ(Serving(), digest);
  if (GetParam() > slots::Phase::kDownloading) {
    EXPECT_EQ(hub_.blocks_read, read);
  }
}

INSTANTIATE_TEST_SUITE_P(EachPhase, KilledInPhase,
                         ::testing::Values(slots::Phase::kDownloading, slots::Phase::kVerifying,
                                           slots::Phase::kProving, slots::Phase::kWarmingUp,
                                           slots::Phase::kShadow, slots::Phase::kProbation),
                         [](const auto& info) { return std::string(slots::Name(info.param)); });

TEST_F(DeliveryTest, ALostLinkCostsNoBlockThatHadArrived) {
  Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil(slots::Phase::kDownloading));
  for (int cut = 0; cut < 3; ++cut) {
    remote_.SetLink("mw-models-gw-1", false);
    Live(5);
    remote_.SetLink("mw-models-gw-1", true);
    for (int turn = 0; turn < 4; ++turn) {
      agent_->Step();
      hub_.Work();
    }
  }
  ASSERT_TRUE(LiveUntil("good", "shadow"));
  const size_t blocks = (hub_.packs().begin()->second.size() + 255) / 256;
  // What was under way at each cut: a window of blocks, and one that the hub had begun to send.
  EXPECT_LE(hub_.blocks_read, blocks + 3 * 2 * 8);
}

TEST_F(DeliveryTest, ACancelledModelIsTakenBack) {
  const std::string before = Serving();
  Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("good", "probation"));
  Live(5);
  EXPECT_NE(Serving(), before);
  hub_.Cancel("good");
  Live(5);
  EXPECT_EQ(Serving(), before);
  EXPECT_EQ(agent_->figures().swaps, 2U);
  ExpectEachWindowOnce();
}

TEST_F(DeliveryTest, AnUndoBringsTheModelBeforeBackOnce) {
  const std::string before = Serving();
  Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("good", "committed"));
  Live(3);
  hub_.Queue("back", R"({"operation": "millwright.undo", "format": 1, "reason": "reversed"})");
  ASSERT_TRUE(LiveUntil("back", "undone"));
  EXPECT_EQ(hub_.Of("back")->status, jobs::Status::kSucceeded);
  EXPECT_EQ(hub_.Of("back")->details["serving"], before);
  EXPECT_EQ(Serving(), before);
  Live(20);
  ExpectEachWindowOnce();
}

TEST_F(DeliveryTest, AnUndoByHandIsTakenUp) {
  const std::string before = Serving();
  Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("good", "committed"));
  Live(3);
  ASSERT_TRUE(files_.WriteFast(UndoRequestPath(settings_), os::AsBytes("too many alarms")));
  Live(20);
  EXPECT_EQ(Serving(), before);
  EXPECT_FALSE(files_.Exists(UndoRequestPath(settings_)));
}

TEST_F(DeliveryTest, WhatIsNotSignedIsNotInstalled) {
  const std::string before = Serving();
  Push("tampered", 1, Steady(3.5));
  for (auto& [stream, pack] : hub_.packs()) pack[pack.size() / 2] ^= std::byte{1};
  ASSERT_TRUE(LiveUntil("tampered", "refused"));
  EXPECT_NE(hub_.Reason("tampered").find("not the one that was signed"), std::string::npos);

  hub_.Queue("unknown", R"({"operation": "millwright.install", "format": 1, "target": "pump/x.tar",
      "bundle": {"digest": ")" +
                            std::string(64, 'a') + R"(", "name": "pump", "version": "9"},
      "metadata_stream": "mw-tuf", "pack_stream": "mw-pack-x"})");
  ASSERT_TRUE(LiveUntil("unknown", "refused"));
  EXPECT_NE(hub_.Reason("unknown").find("no role vouches for it"), std::string::npos)
      << hub_.Reason("unknown");

  hub_.Queue("odd", R"({"operation": "millwright.explode", "format": 1})");
  ASSERT_TRUE(LiveUntil("odd", "refused"));
  EXPECT_EQ(hub_.Of("odd")->status, jobs::Status::kRejected);
  EXPECT_EQ(Serving(), before);
}

TEST_F(DeliveryTest, TheCommittedModelLoadsIn1970AndTheFloorHolds) {
  Push("good", 5, Steady(3.5));
  trust::SetFloor(hub_.repository.draft("targets"), "pump", 5);
  hub_.repository.PublishTargets();
  ASSERT_TRUE(LiveUntil("good", "committed"));
  Live(3);
  const std::string serving = Serving();
  trust::SetFloor(hub_.repository.draft("targets"), "pump", 1);
  Push("older", 4, Steady(3.6));
  ASSERT_TRUE(LiveUntil("older", "refused"));
  EXPECT_NE(hub_.Reason("older").find("below the floor 5"), std::string::npos)
      << hub_.Reason("older");
  clock_.StepUtc(-clock_.Utc());
  Kill();
  EXPECT_EQ(Serving(), serving);
}

// -- configurations of the fleet

class ConfigDeliveryTest : public DeliveryTest {
 protected:
  std::string PushConfig(const std::string& job, int64_t release, const std::string& text) {
    const std::string folder = folder_.path() + "/" + job;
    EXPECT_TRUE(model::WriteConfigBundle(
        files_, folder, {.name = "pumps", .version = job, .created = kSecond}, os::AsBytes(text)));
    return hub_.Push(files_, folder, job, release);
  }
  [[nodiscard]] std::string ServingConfig() {
    auto slots = slots::Slots::Open(disk_, clock_, ConfigsFolder(settings_), {});
    const auto& serving = slots::ServingOf((*slots)->state());
    return serving ? serving->digest : "";
  }
  void ExpectRefused(const std::string& job, const std::string& why) {
    ASSERT_TRUE(LiveUntil(job, "refused"));
    EXPECT_EQ(hub_.Of(job)->status, jobs::Status::kFailed);
    EXPECT_NE(hub_.Reason(job).find(why), std::string::npos) << hub_.Reason(job);
    EXPECT_EQ(agent_->figures().swaps, 0U);
  }
  // Steady(3) says 0.09: below the bundle's own limits, above these.
  const std::string sharp_ = R"([[asset]]
id = "P-1"
decision = { watch_from = 0.05, warning_from = 0.6, clear_below = 0.01, persistence = 2, of = 3 }
)";
};

TEST_F(ConfigDeliveryTest, AThresholdArrivesActsAndGoesBack) {
  EXPECT_EQ(decisions_.all.back()["level"], "none");
  const std::string model = Serving();
  const std::string digest = PushConfig("sharp", 1, sharp_);
  ASSERT_TRUE(LiveUntil("sharp", "committed"));
  EXPECT_EQ(hub_.Of("sharp")->details["serving"], digest);
  EXPECT_EQ(ServingConfig(), digest);
  EXPECT_EQ(Serving(), model);
  EXPECT_EQ(decisions_.all.back()["level"], "watch");
  EXPECT_EQ(agent_->figures().swaps, 1U);
  Kill();  // agent.toml is the base, the committed configuration decides
  Live(40);
  EXPECT_EQ(decisions_.all.back()["level"], "watch");
  hub_.Queue("back", R"({"operation": "millwright.undo", "format": 1,
                         "bundle": {"kind": "config"}, "reason": "too early"})");
  ASSERT_TRUE(LiveUntil("back", "undone"));
  EXPECT_EQ(hub_.Of("back")->details["serving"], "");
  EXPECT_EQ(ServingConfig(), "");
  Live(60);
  EXPECT_EQ(decisions_.all.back()["level"], "none");
  EXPECT_EQ(Serving(), model);
}

TEST_F(ConfigDeliveryTest, EachWindowIsDecidedOnceWhileItChanges) {
  PushConfig("sharp", 1, sharp_);
  ASSERT_TRUE(LiveUntil("sharp", "committed"));
  PushConfig("channels", 2, R"([[asset]]
id = "P-1"
  [[asset.channel]]
  name = "pressure"
  unit = "bar"
  rate_hz = 1.0
)");
  ASSERT_TRUE(LiveUntil("channels", "committed"));
  Live(20);
  ExpectEachWindowOnce();
  const auto& signals = decisions_.all.back()["signals"];
  EXPECT_TRUE(signals.contains("pressure")) << signals;
}

TEST_F(ConfigDeliveryTest, WhatBelongsToTheGatewayIsRefusedWithItsLine) {
  PushConfig("broker", 1, sharp_ + "[broker]\nhost = \"evil.example\"\n");
  ExpectRefused("broker", "config.toml:4:1: broker: belongs to the gateway alone");
  PushConfig("typo", 2, "[[asset]]\nid = \"P-1\"\nzone_c_mm = 3.0\n");
  ExpectRefused("typo", "zone_c_mm_s");
}

TEST_F(ConfigDeliveryTest, WhatTheModelNeedsHasToStay) {
  PushConfig("blind", 1,
             "[[asset]]\nid = \"P-1\"\n[[asset.channel]]\nname = \"vib\"\nuse = false\n");
  ExpectRefused("blind", "needs a channel \"vib\"");
  PushConfig("unit", 2,
             "[[asset]]\nid = \"P-1\"\n[[asset.channel]]\nname = \"vib\"\nunit = \"g\"\n");
  ExpectRefused("unit", "unit is \"g\"");
  PushConfig("kind", 3,
             "[[asset]]\nid = \"P-1\"\n[[asset.channel]]\nname = \"vib\"\nkind = \"reading\"\n");
  ExpectRefused("kind", "keeps its kind");
  PushConfig("limits", 4, "[[asset]]\nid = \"P-1\"\ndecision = { watch_from = 0.95 }\n");
  ExpectRefused("limits", "asset \"P-1\"");
}

TEST_F(ConfigDeliveryTest, ARangeThatNoReadingKeepsIsNotTaken) {
  PushConfig(
      "range", 1,
      "[[asset]]\nid = \"P-1\"\n[[asset.channel]]\nname = \"temperature\"\nrange = [80, 90]\n");
  ExpectRefused("range", "P-1 is unknown under it");
  EXPECT_EQ(ServingConfig(), "");
}

TEST_F(ConfigDeliveryTest, AMachineThatGoesDarkOnProbationTakesItBack) {
  PushConfig(
      "range", 1,
      "[[asset]]\nid = \"P-1\"\n[[asset.channel]]\nname = \"temperature\"\nrange = [0, 90]\n");
  ASSERT_TRUE(LiveUntil("range", "probation"));
  sensors_.celsius = 95;
  ASSERT_TRUE(LiveUntil("range", "rolled_back"));
  EXPECT_NE(hub_.Reason("range").find("P-1 is unknown under it"), std::string::npos);
  Live(40);
  EXPECT_EQ(decisions_.all.back()["state"], "running");
  EXPECT_EQ(ServingConfig(), "");
}

class ConfigKilledInPhase : public ConfigDeliveryTest,
                            public ::testing::WithParamInterface<slots::Phase> {};

TEST_P(ConfigKilledInPhase, GoesOnFromThereAndCommits) {
  const std::string digest = PushConfig("sharp", 1, sharp_);
  ASSERT_TRUE(LiveUntil(GetParam()));
  Kill();
  ASSERT_TRUE(LiveUntil("sharp", "committed"));
  EXPECT_EQ(ServingConfig(), digest);
}

INSTANTIATE_TEST_SUITE_P(EachPhase, ConfigKilledInPhase,
                         ::testing::Values(slots::Phase::kDownloading, slots::Phase::kVerifying,
                                           slots::Phase::kProving, slots::Phase::kWarmingUp,
                                           slots::Phase::kShadow, slots::Phase::kProbation),
                         [](const auto& info) { return std::string(slots::Name(info.param)); });

TEST_F(ConfigDeliveryTest, CrashesOnProbationTakeBackTheConfigurationAndNotTheModel) {
  const std::string model = Push("good", 1, Steady(3.5));
  ASSERT_TRUE(LiveUntil("good", "committed"));
  PushConfig("sharp", 2, sharp_);
  ASSERT_TRUE(LiveUntil("sharp", "probation"));
  for (int crash = 0; crash < 3; ++crash) Kill();
  EXPECT_EQ(ServingConfig(), "");
  EXPECT_EQ(Serving(), model);
  ASSERT_TRUE(LiveUntil("sharp", "rolled_back"));
  EXPECT_NE(hub_.Reason("sharp").find("crash loop"), std::string::npos) << hub_.Reason("sharp");
}

}  // namespace
}  // namespace millwright::agent
