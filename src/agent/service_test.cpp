// A machine is repaired: the whole agent in this process forgets what was normal, once, whatever
// is repeated, cut or killed.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/agent.h"
#include "agent/testing/plant.h"
#include "wire/event.pb.h"

namespace millwright::agent {
namespace {

using testing::Sensors;

// Acks everything, keeps what was told.
class Hub : public mqtt::Listener {
 public:
  explicit Hub(mqtt::FakeBroker& broker) : client_(broker.MakeClient({.client_id = "hub"})) {
    EXPECT_TRUE(client_->Start(*this));
    EXPECT_TRUE(client_->Subscribe("mw/v1/+/events", 1));
  }
  void Work() { client_->Poll(0); }
  void OnMessage(const mqtt::Message& message) override {
    wire::EventBatch batch;
    ASSERT_TRUE(
        batch.ParseFromArray(message.payload.data(), static_cast<int>(message.payload.size())));
    for (const wire::Event& event : batch.events()) {
      if (!seen_.emplace(event.lane(), event.seq()).second) continue;
      if (event.has_recommissioned()) done.push_back(event);
      if (event.has_baseline()) baselines.push_back(event.baseline());
    }
  }
  void Order(const std::string& service, Nanos at, const std::string& asset = "P-1") {
    wire::ServiceOrders orders;
    wire::ServiceOrder& order = *orders.add_orders();
    order.set_service(service);
    order.set_asset(asset);
    order.set_at_ns(at);
    EXPECT_TRUE(
        client_->Publish("mw/v1/gw-1/service", os::AsBytes(orders.SerializeAsString()), 1, false));
  }
  std::vector<wire::Event> done;
  std::vector<wire::Baseline> baselines;

 private:
  std::unique_ptr<mqtt::Client> client_;
  std::set<std::pair<uint32_t, uint64_t>> seen_;
};

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteHonestBundle(files_, folder_.path() + "/bundle"));
    Boot();
    Live(60);
    ASSERT_EQ(State(), "running");
    ASSERT_EQ(hub_.baselines.size(), 1U);
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
  void Live(int steps) {
    for (int i = 0; i < steps; ++i) {
      sensors_.Step(true, true);
      clock_.Advance(200 * kMillisecond);
      agent_->Step();
      hub_.Work();
      agent_->Step();
    }
  }
  [[nodiscard]] std::string State() {
    const auto decision =
        nlohmann::json::parse(local_.Retained("mw/alder/hall/P-1/decision").value_or("{}"));
    return decision.value("state", "");
  }
  [[nodiscard]] size_t BaselineFiles() const {
    size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path() + "/state/baselines"))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  os::FakeClock clock_;
  mqtt::FakeBroker local_, hub_broker_;
  Sensors sensors_{local_, "P-1", clock_.Utc()};
  Hub hub_{hub_broker_};
  std::unique_ptr<Agent> agent_;
};

TEST_F(ServiceTest, ARepairedMachineLearnsAnewAndSaysSo) {
  hub_.Order("act-00001", 100);
  Live(3);
  ASSERT_EQ(hub_.done.size(), 1U);
  EXPECT_EQ(hub_.done[0].recommissioned().service(), "act-00001");
  EXPECT_EQ(State(), "learning");
  EXPECT_EQ(BaselineFiles(), 0U);
  Live(80);
  EXPECT_EQ(State(), "running");
  EXPECT_EQ(BaselineFiles(), 1U);
  ASSERT_EQ(hub_.baselines.size(), 2U);
  EXPECT_GT(hub_.baselines[1].learned_ns(), hub_.done[0].ts_ns());
}

TEST_F(ServiceTest, WhatIsSentAgainIsToldAgainAndNotDoneAgain) {
  hub_.Order("act-00001", 100);
  hub_.Order("act-00001", 100);
  Live(80);
  ASSERT_EQ(State(), "running");
  const Nanos when = hub_.done.at(0).ts_ns();
  hub_.Order("act-00001", 100);
  Live(5);
  EXPECT_EQ(State(), "running");
  EXPECT_GE(hub_.done.size(), 2U);
  for (const wire::Event& event : hub_.done) EXPECT_EQ(event.ts_ns(), when);
  EXPECT_EQ(hub_.baselines.size(), 2U);
}

TEST_F(ServiceTest, AKillLeavesItLearningAndASecondRepairIsAnother) {
  hub_.Order("act-00001", 100);
  Live(3);
  agent_.reset();
  Boot();
  Live(5);
  EXPECT_EQ(State(), "learning");
  hub_.Order("act-00001", 100);
  Live(80);
  ASSERT_EQ(State(), "running");
  hub_.Order("act-00002", 101);
  Live(3);
  EXPECT_EQ(State(), "learning");
  EXPECT_EQ(hub_.done.back().recommissioned().service(), "act-00002");
}

TEST_F(ServiceTest, AMachineThatIsNotHereIsNobodysBusiness) {
  hub_.Order("act-00001", 100, "P-99");
  Live(3);
  EXPECT_TRUE(hub_.done.empty());
  EXPECT_EQ(State(), "running");
}

}  // namespace
}  // namespace millwright::agent
