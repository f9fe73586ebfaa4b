#include "gateway.h"

#include <algorithm>
#include <map>

#include "agent/settings.h"
#include "agent/testing/plant.h"
#include "wire/event.pb.h"

namespace millwright::bench {
namespace {

constexpr Nanos kPromptPoll = 5 * kMillisecond;

// A client of the agent's with two things added: decisions are noted when they have been handed
// over, and the models thread looks up every 5 ms, where 100 suffice for a model a month.
class Watched : public mqtt::Client {
 public:
  Watched(std::unique_ptr<mqtt::Client> client, Ledger* ledger, Nanos poll_max)
      : client_(std::move(client)), ledger_(ledger), poll_max_(poll_max) {}
  [[nodiscard]] Result<void> Start(mqtt::Listener& listener) override {
    return client_->Start(listener);
  }
  void Poll(Nanos wait_max) override { client_->Poll(std::min(wait_max, poll_max_)); }
  void Wake() override { client_->Wake(); }
  [[nodiscard]] Result<int> Publish(std::string_view topic, std::span<const std::byte> payload,
                                    int qos, bool retain) override {
    auto handed = client_->Publish(topic, payload, qos, retain);
    if (ledger_ != nullptr && handed && topic.ends_with("/decision"))
      ledger_->Note(RealNow(), os::AsText(payload));
    return handed;
  }
  [[nodiscard]] Result<void> Subscribe(std::string_view filter, int qos) override {
    return client_->Subscribe(filter, qos);
  }
  [[nodiscard]] bool connected() const override { return client_->connected(); }
  [[nodiscard]] size_t unacked() const override { return client_->unacked(); }
  void Stop() override { client_->Stop(); }

 private:
  std::unique_ptr<mqtt::Client> client_;
  Ledger* const ledger_;  // null: not the client of decisions
  const Nanos poll_max_;
};

}  // namespace

std::string Gateway::Config() const {
  return agent::testing::ConfigText(options_.folder, options_.machines) +
         "[delivery]\nenabled = true\nroot = \"" + options_.folder +
         "/root.json\"\nwindows_min = " + std::to_string(options_.windows_min) +
         "\ntime_min_s = " + std::to_string(options_.trial_s) +
         "\nlatency_budget_ms = " + std::to_string(options_.budget_ms * options_.times) + "\n";
}

Result<void> Gateway::Start(Ledger& ledger) {
  MW_TRY(agent::Settings settings, agent::ReadSettings(Config(), "agent.toml"));
  agent::Environment environment = {
      clock_, files_, [this, &ledger](mqtt::Options options) -> std::unique_ptr<mqtt::Client> {
        const bool local = options.client_id.starts_with("mw-agent");
        const bool models = options.client_id.starts_with("mw-models");
        auto client = (local ? local_ : remote_).MakeClient(std::move(options));
        return std::make_unique<Watched>(std::move(client), local ? &ledger : nullptr,
                                         models ? kPromptPoll : kSecond);
      }};
  environment.boot_id = "bench";
  MW_TRY(agent_, agent::Agent::Make(std::move(settings), std::move(environment)));
  return agent_->Start();
}

Result<void> Acker::Start() {
  MW_TRY(client_->Start(*this));
  MW_TRY(client_->Subscribe("mw/v1/+/events", 1));
  return client_->Subscribe("mw/v1/+/telemetry", 1);
}

void Acker::OnMessage(const mqtt::Message& message) {
  wire::EventBatch batch;
  if (!batch.ParseFromArray(message.payload.data(), static_cast<int>(message.payload.size())))
    return;
  std::map<uint32_t, uint64_t> highest;
  for (const wire::Event& event : batch.events())
    highest[event.lane()] = std::max(highest[event.lane()], event.seq());
  wire::Ack ack;
  ack.set_epoch(batch.epoch());
  for (const auto& [lane, seq] : highest) {
    wire::LaneAck& one = *ack.add_lanes();
    one.set_lane(lane);
    one.set_seq(seq);
  }
  // Not taken: the gateway is just connecting anew, and sends the batch again.
  (void)client_->Publish("mw/v1/" + batch.device() + "/ack", os::AsBytes(ack.SerializeAsString()),
                         1, false);
}

}  // namespace millwright::bench
