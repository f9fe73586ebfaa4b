// The whole agent in this process, on a fake clock and fake brokers, ticked by hand: sensors ->
// broker -> agent -> decisions, and outbox -> uplink -> a hub that acks.
#include "agent/agent.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/testing/plant.h"
#include "wire/event.pb.h"

namespace millwright::agent {
namespace {

using nlohmann::json;
using testing::Sensors;

// A hub as the wire knows it: keeps every event by its id, acks what it has without a hole.
class FakeHub : public mqtt::Listener {
 public:
  FakeHub(mqtt::FakeBroker& broker, const os::Clock& clock)
      : clock_(clock), client_(broker.MakeClient({.client_id = "hub"})) {
    EXPECT_TRUE(client_->Start(*this));
    EXPECT_TRUE(client_->Subscribe("mw/v1/+/events", 1));
    EXPECT_TRUE(client_->Subscribe("mw/v1/+/telemetry", 1));
  }
  void Work() { client_->Poll(0); }
  void OnMessage(const mqtt::Message& message) override {
    wire::EventBatch batch;
    ASSERT_TRUE(
        batch.ParseFromArray(message.payload.data(), static_cast<int>(message.payload.size())));
    EXPECT_EQ(batch.sent_ns(), clock_.Utc());
    wire::Ack ack;
    ack.set_epoch(batch.epoch());
    std::set<uint32_t> lanes;
    for (const wire::Event& event : batch.events()) {
      ASSERT_NE(event.seq(), 0U);
      const auto [at, fresh] =
          events.emplace(std::tuple(batch.epoch(), event.lane(), event.seq()), event);
      if (!fresh) {
        ++repeats;
        EXPECT_EQ(at->second.SerializeAsString(), event.SerializeAsString());
      }
      lanes.insert(event.lane());
    }
    if (!acking) return;
    for (const uint32_t lane : lanes) {
      uint64_t seq = 0;
      while (events.count({batch.epoch(), lane, seq + 1}) > 0) ++seq;
      wire::LaneAck& one = *ack.add_lanes();
      one.set_lane(lane);
      one.set_seq(seq);
    }
    (void)client_->Publish("mw/v1/" + batch.device() + "/ack", os::AsBytes(ack.SerializeAsString()),
                           1, false);
  }
  [[nodiscard]] std::vector<wire::Event> Of(wire::Event::BodyCase body) const {
    std::vector<wire::Event> out;
    for (const auto& [id, event] : events)
      if (event.body_case() == body) out.push_back(event);
    return out;
  }
  // Whether a reading of this channel lies in a coverage stretch or in a gap.
  [[nodiscard]] bool Accounted(const std::string& channel, Nanos ts) const {
    for (const auto& [id, event] : events) {
      if (event.has_gap() && event.gap().channel() == channel && event.gap().from_ns() <= ts &&
          ts <= event.gap().to_ns())
        return true;
      for (const wire::Coverage& c : event.features().coverage())
        if (c.channel() == channel && c.first_ns() <= ts && ts <= c.last_ns()) return true;
    }
    return false;
  }
  std::map<std::tuple<uint64_t, uint32_t, uint64_t>, wire::Event> events;
  int repeats = 0;
  bool acking = true;

 private:
  const os::Clock& clock_;
  std::unique_ptr<mqtt::Client> client_;
};

class AgentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteHonestBundle(files_, folder_.path() + "/bundle"));
    Boot();
  }
  void Boot() {
    auto settings = ReadSettings(testing::ConfigText(folder_.path(), 1), "agent.toml");
    ASSERT_TRUE(settings) << settings.error().what;
    auto agent =
        Agent::Make(std::move(*settings),
                    {clock_, files_, [this](mqtt::Options options) {
                       return (options.client_id.starts_with("mw-uplink") ? hub_broker_ : local_)
                           .MakeClient(std::move(options));
                     }});
    ASSERT_TRUE(agent) << agent.error().what;
    agent_ = std::move(*agent);
    ASSERT_TRUE(agent_->StartStepped());
    agent_->Step();
  }
  // Sensors and agent live on for so many steps of 200 ms.
  void Live(int steps, bool publish = true, bool temperature = true) {
    for (int i = 0; i < steps; ++i) {
      sensors_.Step(publish, temperature);
      clock_.Advance(200 * kMillisecond);
      Turn();
    }
  }
  void Turn() {
    if (agent_) agent_->Step();
    hub_.Work();
    if (agent_) agent_->Step();
  }
  [[nodiscard]] json Decision() {
    return json::parse(local_.Retained("mw/alder/hall/P-1/decision").value_or("{}"));
  }
  [[nodiscard]] json Status() {
    return json::parse(local_.Retained("mw/alder/gateways/gw-1/status").value_or("{}"));
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  os::FakeClock clock_;
  mqtt::FakeBroker local_, hub_broker_;
  FakeHub hub_{hub_broker_, clock_};
  Sensors sensors_{local_, "P-1", clock_.Utc()};
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentTest, LearnsThenRunsThenTellsTheHub) {
  EXPECT_EQ(Status()["online"], true);
  EXPECT_EQ(hub_broker_.Retained("mw/v1/gw-1/status").value_or("").find("{\"online\":true"), 0U);
  Live(8);
  EXPECT_EQ(Decision()["state"], "learning") << Decision();
  EXPECT_GT(Decision()["learning_left_s"], 0);
  Live(30);
  const json d = Decision();
  EXPECT_EQ(d["state"], "running") << d;
  EXPECT_GT(d["seq"], 10);
  EXPECT_EQ(d["probabilities"].size(), 3U);
  EXPECT_GT(d["valid_until"], d["ts"]);
  EXPECT_EQ(d["heartbeat"], false);
  EXPECT_TRUE(d["signals"].contains("vib.rms"));
  EXPECT_NEAR(d["signals"]["temperature"], 40, 1);
  Live(60);
  EXPECT_FALSE(hub_.Of(wire::Event::kAssetInfo).empty());
  EXPECT_FALSE(hub_.Of(wire::Event::kHealth).empty());
  EXPECT_FALSE(hub_.Of(wire::Event::kSpectrum).empty());
  EXPECT_FALSE(hub_.Of(wire::Event::kState).empty());
  EXPECT_TRUE(hub_.Of(wire::Event::kGap).empty()) << hub_.Of(wire::Event::kGap)[0].gap().channel();
  size_t scored = 0;
  for (const wire::Event& event : hub_.Of(wire::Event::kFeatures)) {
    const wire::FeatureBatch& batch = event.features();
    EXPECT_EQ(batch.signals_size(), batch.ts_ns_size() * batch.signal_names_size());
    for (const float score : batch.score()) scored += std::isnan(score) ? 0U : 1U;
    const bool learns = *batch.state().rbegin() == wire::STATE_LEARNING;
    EXPECT_EQ(batch.learning_left_s() > 0, learns);
  }
  EXPECT_GT(scored, 50U);
  EXPECT_EQ(hub_.repeats, 0);
}

TEST_F(AgentTest, ASilentMachineIsUnknownAndNeverRenewedAsHealthy) {
  Live(40);
  ASSERT_EQ(Decision()["state"], "running");
  for (int i = 0; i < 5; ++i) Live(1, false);
  const json soon = Decision();
  EXPECT_EQ(soon["state"], "running");  // a second without data is no outage yet
  for (int i = 0; i < 60; ++i) Live(1, false);
  const json d = Decision();
  EXPECT_EQ(d["state"], "unknown") << d;
  EXPECT_EQ(d["reason"], "no data");
  EXPECT_EQ(d["heartbeat"], true);
  EXPECT_GT(d["valid_until"].get<Nanos>(), clock_.Utc());
}

TEST_F(AgentTest, AMissingChannelMakesTheMachineUnknownAndNamesIt) {
  Live(40);
  for (int i = 0; i < 60; ++i) Live(1, true, false);
  EXPECT_EQ(Decision()["state"], "unknown");
  EXPECT_EQ(Decision()["reason"], "missing: temperature");
}

TEST_F(AgentTest, HostilePayloadsAreCountedAndChangeNothing) {
  Live(40);
  const std::string vib = sensors_.Topic("vib");
  for (const char* payload : {"", "{", "\xff\xff\xff", "{\"ts\":1,\"v\":2}"})
    local_.Publish(vib, payload, 1);
  local_.Publish(sensors_.Topic("temperature"), "{\"ts\":\"x\"}", 1);
  local_.Publish(sensors_.Topic("other"), "{}", 1);
  Live(5);
  EXPECT_EQ(agent_->figures().rejected_payloads, 5U);
  EXPECT_EQ(Decision()["state"], "running");
}

TEST_F(AgentTest, ADeadAgentIsOfflineByItsWill) {
  Live(10);
  agent_.reset();
  EXPECT_EQ(Status()["online"], false);
}

TEST_F(AgentTest, AStoppedAgentSaysSoAndLeavesNothingBehind) {
  Live(40);
  for (int i = 0; i < 20; ++i) Turn();
  agent_->Stop(0);
  EXPECT_EQ(Status()["online"], false);
  EXPECT_EQ(Status()["state"], "stopped");
  agent_.reset();
  Boot();
  for (int i = 0; i < 40; ++i) Turn();
  Live(10);
  EXPECT_EQ(hub_.Of(wire::Event::kGap).size(), 0U);
}

TEST_F(AgentTest, GoesOnDecidingAfterACrashWithoutLearningAgain) {
  Live(60);
  const uint64_t before = hub_.Of(wire::Event::kState).size();
  ASSERT_GT(before, 0U);
  agent_.reset();  // no Stop: the state of a kill -9
  sensors_.Step();
  Boot();
  Live(3);
  EXPECT_EQ(Decision()["state"], "running") << Decision();
}

// A swapped gateway: an empty disk but for what the hub kept of the old one's baselines.
TEST_F(AgentTest, AGatewayThatTakesAnothersPlaceDecidesByTheSameStandardisation) {
  Live(60);
  ASSERT_EQ(Decision()["state"], "running");
  const auto kept = hub_.Of(wire::Event::kBaseline);
  ASSERT_EQ(kept.size(), 1U) << "told once";
  const wire::Baseline& baseline = kept[0].baseline();
  EXPECT_EQ(baseline.asset(), "P-1");
  const std::string old = folder_.path() + "/state/baselines/" + baseline.file();
  const auto on_disk = files_.Read(old, 1 << 20);
  ASSERT_TRUE(on_disk);
  EXPECT_EQ(os::AsText(*on_disk), baseline.document());

  agent_.reset();
  std::filesystem::remove_all(folder_.path() + "/state");
  ASSERT_TRUE(files_.MakeFolders(folder_.path() + "/state/baselines"));
  ASSERT_TRUE(files_.WriteDurably(old, os::AsBytes(baseline.document())));
  Boot();
  Live(1);
  EXPECT_NE(Decision()["state"], "learning") << Decision();
  Live(20);
  EXPECT_EQ(Decision()["state"], "running") << Decision();
  EXPECT_EQ(os::AsText(*files_.Read(old, 1 << 20)), baseline.document()) << "learned anew";
  // The same bytes go to the hub again, under the new epoch.
  const auto again = hub_.Of(wire::Event::kBaseline);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].baseline().document(), again[1].baseline().document());
}

TEST_F(AgentTest, ABaselineIsToldOnceHoweverOftenTheAgentStarts) {
  Live(60);
  for (int i = 0; i < 3; ++i) {
    agent_.reset();
    Boot();
    Live(10);
  }
  EXPECT_EQ(hub_.Of(wire::Event::kBaseline).size(), 1U);
}

TEST_F(AgentTest, ANewCertificateCostsNoEventAndNoDecision) {
  Live(40);
  const auto seq = Decision()["seq"].get<int64_t>();
  hub_.acking = false;  // what is under way at that moment has no ack yet
  Live(5);
  agent_->UseNewCertificate();
  hub_.acking = true;
  Live(20);
  EXPECT_TRUE(hub_broker_.connected("mw-uplink-gw-1"));
  EXPECT_EQ(Decision()["state"], "running");
  EXPECT_GE(Decision()["seq"].get<int64_t>(), seq + 25);
  EXPECT_TRUE(hub_.Of(wire::Event::kGap).empty());
  for (int i = 0; i < 50 && agent_->figures().waiting_records > 0; ++i) Live(5);
  EXPECT_EQ(hub_broker_.Retained("mw/v1/gw-1/status").value_or("").find("{\"online\":true"), 0U);
  const std::set<uint64_t> lanes{0, 1, 2};
  for (const uint64_t lane : lanes) {
    uint64_t expected = 0;
    for (const auto& [id, event] : hub_.events) {
      if (std::get<1>(id) != lane) continue;
      EXPECT_EQ(std::get<2>(id), ++expected) << "lane " << lane;
    }
  }
}

TEST_F(AgentTest, HealthTellsHowTheCertificateStands) {
  agent_->TellCertificate(identity::Standing::kDue, 77 * kSecond);
  Live(60);
  const auto told = hub_.Of(wire::Event::kHealth);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().health().certificate(), "due");
  EXPECT_EQ(told.back().health().certificate_until_ns(), 77 * kSecond);
}

// Readings that the broker took while the agent was dead, and readings that it had taken in but not
// yet recorded: each is delivered afterwards or lies in a declared gap.
TEST_F(AgentTest, EveryReadingIsDeliveredOrDeclaredAcrossKills) {
  const Nanos first = sensors_.now();
  std::vector<Nanos> blocks;
  const auto live = [&](int steps, bool heard = true) {
    for (int i = 0; i < steps; ++i) {
      if (heard) blocks.push_back(sensors_.now());
      Live(1, heard);
    }
  };
  live(40);
  for (int kill = 0; kill < 5; ++kill) {
    live(3 + kill);  // in the middle of a telemetry second
    agent_.reset();
    for (int i = 0; i < 4 + kill; ++i) {
      blocks.push_back(sensors_.now());
      sensors_.Step();
      clock_.Advance(200 * kMillisecond);
    }
    if (kill == 2)
      local_.SetUp(false, true);  // the broker dies too, and forgets what it acknowledged
    local_.SetUp(true);
    Boot();
    live(10);
  }
  Live(20);
  EXPECT_LT(first, blocks.back());
  for (const Nanos ts : blocks)
    EXPECT_TRUE(hub_.Accounted("vib", ts)) << (ts - first) / kMillisecond << " ms";
  EXPECT_FALSE(hub_.Of(wire::Event::kGap).empty());
  for (const wire::Event& event : hub_.Of(wire::Event::kGap))
    EXPECT_EQ(event.gap().cause(), "agent_down");
}

TEST_F(AgentTest, AnUnreachableHubCostsNoEventAndNoDecision) {
  Live(40);
  hub_broker_.SetLink("mw-uplink-gw-1", false);
  const uint64_t before = agent_->figures().decisions;
  Live(100);
  EXPECT_EQ(agent_->figures().decisions, before + 100);
  EXPECT_FALSE(agent_->figures().uplink_connected);
  EXPECT_GT(agent_->figures().waiting_records, 0U);
  hub_broker_.SetLink("mw-uplink-gw-1", true);
  Live(20);
  for (int i = 0; i < 10; ++i) Turn();
  std::map<uint32_t, std::set<uint64_t>> lanes;
  for (const auto& [id, event] : hub_.events) lanes[event.lane()].insert(event.seq());
  for (const auto& [lane, seqs] : lanes) EXPECT_EQ(seqs.size(), *seqs.rbegin()) << "lane " << lane;
  EXPECT_TRUE(hub_.Of(wire::Event::kGap).empty());
}

TEST_F(AgentTest, RepeatsWhatTheHubDoesNotAck) {
  hub_.acking = false;
  Live(20);
  EXPECT_GT(hub_.repeats, 0);
  hub_.acking = true;
  Live(60);
  for (int i = 0; i < 10; ++i) Turn();
  EXPECT_LT(agent_->figures().waiting_records, 10U);
}

}  // namespace
}  // namespace millwright::agent
