#include "live.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "commands.h"
#include "mqtt/fake.h"
#include "mqtt/testing/forwarding_client.h"
#include "recorder.h"
#include "recording/recording.h"
#include "wire/sample.pb.h"
#include "wire/topics.h"

namespace millwright::sim {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSim = "sim";

machines::PlantConfig TwoMachines() {
  machines::PlantConfig config;
  config.site = "alder";
  for (const char* asset : {"P-1", "P-2"}) {
    machines::MachineConfig machine;
    machine.asset = asset;
    machine.area = "hall";
    config.machines.push_back(machine);
  }
  return config;
}

// Waiting moves the fake clock, and the test may act at a time.
class TickingClient final : public mqtt::testing::ForwardingClient {
 public:
  TickingClient(std::unique_ptr<mqtt::Client> inner, os::FakeClock& clock)
      : ForwardingClient(std::move(inner)), clock_(clock), start_(clock.Utc()) {}
  std::map<double, std::function<void()>> at_s;

  void Poll(Nanos wait) override {
    clock_.Advance(wait);
    while (!at_s.empty() && Seconds(clock_.Utc() - start_) >= at_s.begin()->first) {
      at_s.begin()->second();
      at_s.erase(at_s.begin());
    }
    ForwardingClient::Poll(0);
  }

 private:
  os::FakeClock& clock_;
  Nanos start_;
};

// Keeps what a subscriber receives.
class Receiver final : public mqtt::Listener {
 public:
  void OnMessage(const mqtt::Message& message) override {
    const auto address = wire::ParseReadingTopic(message.topic);
    ASSERT_TRUE(address.has_value()) << message.topic;
    const std::string key = std::string(address->asset) + "/" + std::string(address->channel);
    const char* data = reinterpret_cast<const char*>(message.payload.data());
    if (address->channel == "vib") {
      wire::SampleBlock block;
      ASSERT_TRUE(block.ParseFromArray(data, static_cast<int>(message.payload.size())));
      EXPECT_EQ(block.i16().v().size(), 2U * 2560);
      EXPECT_GT(block.sent_ns(), block.ts_ns());
      sequences[key].insert(block.seq());
    } else {
      const json reading = json::parse(data, data + message.payload.size());
      EXPECT_TRUE(reading.at("v").is_number());
      EXPECT_GE(reading.at("sent").get<Nanos>(), reading.at("ts").get<Nanos>());
      sequences[key].insert(reading.at("seq").get<uint64_t>());
    }
    ++messages;
  }
  std::map<std::string, std::set<uint64_t>> sequences;
  uint64_t messages = 0;
};

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("sim_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    ASSERT_EQ(pipe(pipe_), 0);
    listener_ = broker_.MakeClient({.client_id = "receiver"});
    ASSERT_TRUE(listener_->Start(receiver_).has_value());
    ASSERT_TRUE(listener_->Subscribe("mw/#", 2).has_value());
    listener_->Poll(0);
  }
  void TearDown() override {
    close(pipe_[0]);
    close(pipe_[1]);
    fs::remove_all(folder_);
  }

  PublishCounts Run(double seconds, const std::map<double, std::function<void()>>& at_s) {
    auto plant = machines::Plant::Make(TwoMachines(), clock_.Utc());
    EXPECT_TRUE(plant.has_value());
    TickingClient client(broker_.MakeClient({.client_id = kSim}), clock_);
    client.at_s = at_s;
    auto truth = JsonLines::Open((folder_ / "truth.jsonl").string());
    auto published = JsonLines::Open((folder_ / "published.jsonl").string());
    const LiveOptions options = {.seconds = seconds, .command_fd = pipe_[0]};
    const auto counts = RunLive(*plant, client, clock_, *truth, *published, options);
    EXPECT_TRUE(counts.has_value());
    for (int i = 0; i < 10; ++i) listener_->Poll(0);
    return *counts;
  }
  std::vector<json> Lines(const std::string& name) const {
    std::ifstream file(folder_ / name);
    std::vector<json> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
  }
  void Command(const std::string& line) {
    EXPECT_EQ(write(pipe_[1], (line + "\n").data(), line.size() + 1),
              static_cast<ssize_t>(line.size() + 1));
  }

  fs::path folder_;
  int pipe_[2] = {-1, -1};
  os::FakeClock clock_;
  mqtt::FakeBroker broker_;
  Receiver receiver_;
  std::unique_ptr<mqtt::Client> listener_;
};

TEST_F(LiveTest, EverythingDueArrivesOnceAndIsOnTheList) {
  const PublishCounts counts = Run(10, {});
  // Two pumps: 5 blocks, 1 temperature, 5 each of current, speed, pressure a second.
  EXPECT_NEAR(static_cast<double>(counts.made), 2 * 10 * 21, 10);
  EXPECT_EQ(counts.acknowledged + counts.dropped, counts.made);
  EXPECT_LE(counts.dropped, 2U) << "before the connection stood";
  EXPECT_EQ(receiver_.messages, counts.acknowledged);
  EXPECT_EQ(Lines("published.jsonl").size(), counts.acknowledged);
  EXPECT_EQ(receiver_.sequences.size(), 10U);
}

TEST_F(LiveTest, DropsAndDeclaresWhileTheBrokerIsAway) {
  const PublishCounts counts =
      Run(20, {{5, [&] { broker_.SetUp(false); }}, {10, [&] { broker_.SetUp(true); }}});
  EXPECT_GT(counts.dropped, 150U);
  EXPECT_EQ(counts.acknowledged + counts.dropped, counts.made);
  for (const json& line : Lines("published.jsonl")) {
    const std::string key =
        line.at("asset").get<std::string>() + "/" + line.at("channel").get<std::string>();
    EXPECT_TRUE(receiver_.sequences[key].contains(line.at("seq").get<uint64_t>())) << line;
  }
  // A receiver sees the hole in the sequence numbers.
  const std::set<uint64_t>& vib = receiver_.sequences["P-1/vib"];
  EXPECT_GT(*vib.rbegin() - *vib.begin() + 1, vib.size() + 15);
}

TEST_F(LiveTest, TakesCommandsAndTellsTheTruth) {
  Run(60,
      {{2, [&] { Command(R"({"do":"inject","asset":"P-2","fault":"ball","wear_s":3})"); }},
       {3, [&] { Command("nonsense"); }},
       {6, [&] { Command(R"({"do":"sensor","asset":"P-1","channel":"vib","mode":"dropout"})"); }},
       {7, [&] { Command(R"({"do":"repair","asset":"P-2"})"); }},
       {8, [&] { Command(R"({"do":"stop"})"); }}});
  const std::vector<json> truth = Lines("truth.jsonl");
  ASSERT_EQ(truth.size(), 4U);
  EXPECT_EQ(truth[0].at("event"), "onset");
  EXPECT_EQ(truth[0].at("fault"), "ball");
  EXPECT_EQ(truth[1].at("event"), "failure");
  EXPECT_EQ(truth[2].at("mode"), "dropout");
  EXPECT_EQ(truth[3].at("event"), "repair");
  EXPECT_LT(receiver_.sequences["P-1/temperature"].size(), 10U) << "it stopped when it was told to";
}

TEST_F(LiveTest, StopsAtTheEndOfInput) {
  close(pipe_[1]);
  pipe_[1] = -1;
  const PublishCounts counts = Run(1000, {});
  EXPECT_LT(counts.made, 100U);
}

TEST(CommandTest, SaysWhatIsWrong) {
  auto plant = machines::Plant::Make(TwoMachines(), 0);
  for (const char* line : {"", "[]", "{}", R"({"do":"dance"})", R"({"do":"inject","asset":"P-1"})",
                           R"({"do":"inject","asset":"P-9","fault":"ball"})",
                           R"({"do":"inject","asset":"P-1","fault":"ball","wear_s":"x"})",
                           R"({"do":"inject","asset":"P-1","fault":"ball","wear_s":-4})",
                           R"({"do":"repair"})", R"({"do":"repair","asset":7})",
                           R"({"do":"sensor","asset":"P-1","channel":"vib","mode":"tired"})"})
    EXPECT_FALSE(RunCommand(line, *plant).has_value()) << line;
  EXPECT_EQ(RunCommand(R"({"do":"stop"})", *plant).value(), true);
}

TEST(RecorderTest, LabelsWhatIsDeveloped) {
  const fs::path folder = fs::path(::testing::TempDir()) / "sim_recorder";
  fs::remove_all(folder);
  machines::PlantConfig config = TwoMachines();
  config.machines[0].faults = {
      {.kind = machines::FaultKind::kUnbalance, .onset_s = 2, .wear_s = 10}};
  auto plant = machines::Plant::Make(config, RecordedStart(config.seed));
  auto truth = JsonLines::Open("");
  ASSERT_TRUE(RecordPlant(*plant, folder.string(), 12, *truth).has_value());
  const auto all = recording::OpenDataset(folder.string());
  ASSERT_TRUE(all.has_value()) << all.error().what;
  ASSERT_EQ(all->size(), 2U);
  const recording::RecordingInfo& faulty = all->front();
  ASSERT_EQ(faulty.labels.size(), 2U);
  EXPECT_EQ(faulty.labels[0].rating, recording::Rating::kNeutral);
  EXPECT_DOUBLE_EQ(faulty.labels[0].start_s, 2);
  EXPECT_EQ(faulty.labels[1].rating, recording::Rating::kAnomaly);
  EXPECT_NEAR(faulty.labels[1].start_s, 2 + machines::TimeOfSeverity(0.15, 10), 1e-4);
  EXPECT_EQ(faulty.labels[1].fault, "unbalance");
  EXPECT_TRUE((*all)[1].labels.empty());
  EXPECT_GT(faulty.machine.bpfo, 3);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace millwright::sim
