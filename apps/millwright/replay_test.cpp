#include "replay.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "mqtt/fake.h"
#include "mqtt/testing/forwarding_client.h"
#include "os/files.h"
#include "wire/reading.h"
#include "wire/topics.h"

namespace millwright::cli {
namespace {

// Answers each reading with a decision of its time, as a gateway would.
class Gateway : public mqtt::Listener {
 public:
  Gateway(mqtt::FakeBroker& broker, bool decides) : broker_(broker), decides_(decides) {}

  void OnMessage(const mqtt::Message& message) override {
    const auto address = wire::ParseReadingTopic(message.topic);
    if (!address) return;
    const auto reading = wire::DecodeReading(message.payload);
    ASSERT_TRUE(reading) << reading.error().what;
    auto& times = seen[std::string(address->asset)];
    if (!times.empty()) {
      EXPECT_GE(reading->ts, times.back()) << "out of order";
    }
    times.push_back(reading->ts);
    if (!decides_) return;
    broker_.Publish(
        "mw/lab/" + std::string(address->area) + "/" + std::string(address->asset) + "/decision",
        R"({"asset":")" + std::string(address->asset) +
            R"(","score":0.25,"level":"watch","step_end":)" + std::to_string(reading->ts) + "}",
        1, true);
  }

  std::map<std::string, std::vector<Nanos>> seen;

 private:
  mqtt::FakeBroker& broker_;
  bool decides_;
};

// A client that lets the gateway work whenever the replay polls.
class TickingClient final : public mqtt::testing::ForwardingClient {
 public:
  TickingClient(std::unique_ptr<mqtt::Client> inner, mqtt::Client& gateway, os::FakeClock& clock)
      : ForwardingClient(std::move(inner)), gateway_(gateway), clock_(clock) {}

  void Poll(Nanos wait) override {
    clock_.Advance(std::max<Nanos>(wait, kMicrosecond));
    gateway_.Poll(0);
    ForwardingClient::Poll(0);
  }

 private:
  mqtt::Client& gateway_;
  os::FakeClock& clock_;
};

class ReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "replay-" + std::to_string(::getpid());
    std::filesystem::create_directories(folder_);
    Write("a.csv", 50);
    Write("b.csv", 30);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, int rows) {
    std::ofstream file(folder_ + "/" + name);
    file << "datetime;Current;anomaly;changepoint\n";
    for (int i = 0; i < rows; ++i) {
      file << "2020-03-09 10:" << (i / 60 < 10 ? "0" : "") << i / 60 << ':'
           << (i % 60 < 10 ? "0" : "") << i % 60 << ';' << i << ";0;0\n";
    }
  }

  Result<ReplayFigures> Run(bool decides, size_t outstanding, const ReplayHooks& hooks = {}) {
    mqtt::FakeBroker broker;
    gateway_ = std::make_unique<Gateway>(broker, decides);
    const auto gateway_client = broker.MakeClient({.client_id = "gateway"});
    EXPECT_TRUE(gateway_client->Subscribe("mw/lab/#", 1));
    EXPECT_TRUE(gateway_client->Start(*gateway_));
    gateway_client->Poll(0);
    TickingClient client(broker.MakeClient({.client_id = "replay"}), *gateway_client, clock_);
    std::vector<Track> tracks;
    auto recordings = recording::OpenDataset(folder_).value();
    for (auto& info : recordings) {
      const AssetId asset(info.asset);
      tracks.push_back(Track{std::move(info), AreaId("recorded"), asset});
    }
    ReplayOptions options;
    options.site = SiteId("lab");
    options.outstanding = outstanding;
    return Replay(client, clock_, options, std::move(tracks), hooks);
  }

  std::string folder_;
  os::FakeClock clock_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(ReplayTest, PlaysEveryReadingOnceAndInOrder) {
  const auto figures = Run(true, 10);
  ASSERT_TRUE(figures) << figures.error().what;
  EXPECT_EQ(gateway_->seen["a"].size(), 50u);
  EXPECT_EQ(gateway_->seen["b"].size(), 30u);
  EXPECT_EQ(figures->messages, 80u);
  EXPECT_EQ(figures->decisions, 80u);
  EXPECT_EQ(figures->waited_out, 0u);
  EXPECT_EQ(figures->recordings, 2u);
  EXPECT_EQ(figures->recorded_s, 49.0);
}

TEST_F(ReplayTest, HandsDecisionsOver) {
  int alarms = 0;
  Nanos last = 0;
  ReplayHooks hooks;
  hooks.on_decision = [&](const SeenDecision& decision) {
    alarms += decision.alarm ? 1 : 0;
    EXPECT_EQ(decision.score, 0.25);
    last = std::max(last, decision.step_end);
  };
  ASSERT_TRUE(Run(true, 10, hooks));
  EXPECT_EQ(alarms, 80);
  EXPECT_EQ(FormatUtc(last).substr(0, 19), "2020-03-09T10:00:49");
}

TEST_F(ReplayTest, GoesOnWhereAMachineGivesNoDecisions) {
  const auto figures = Run(false, 10);
  ASSERT_TRUE(figures) << figures.error().what;
  EXPECT_EQ(figures->messages, 80u);
  EXPECT_EQ(figures->waited_out, 7u) << "once each ten messages, but for the last ten";
}

TEST_F(ReplayTest, SaysThatThereIsNothingToPlay) {
  mqtt::FakeBroker broker;
  const auto client = broker.MakeClient({.client_id = "replay"});
  EXPECT_EQ(Replay(*client, clock_, {}, {}, {}).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace millwright::cli
