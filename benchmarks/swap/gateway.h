// The whole agent with its real threads, between two brokers in this process; and a hub that acks
// its events.
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "fast_clock.h"
#include "ledger.h"
#include "mqtt/fake.h"
#include "os/files.h"

namespace millwright::bench {

struct GatewayOptions {
  std::string folder;  // with bundle/ and root.json
  int machines = 20;
  int windows_min = 60;   // of shadow and probation, each
  double trial_s = 4;     // and so long, by the fast clock
  double budget_ms = 50;  // of a decision, real
  int times = 8;          // how much faster the clock is
};

class Gateway {
 public:
  Gateway(GatewayOptions options, FastClock& clock) : options_(std::move(options)), clock_(clock) {}
  /// Decisions go to `ledger` too, which outlives the agent.
  [[nodiscard]] Result<void> Start(Ledger& ledger);
  void Stop() { agent_->Stop(0); }

  [[nodiscard]] mqtt::FakeBroker& local() { return local_; }
  [[nodiscard]] mqtt::FakeBroker& remote() { return remote_; }
  [[nodiscard]] agent::AgentFigures figures() const { return agent_->figures(); }

 private:
  [[nodiscard]] std::string Config() const;

  const GatewayOptions options_;
  FastClock& clock_;
  os::RealFiles files_;
  mqtt::FakeBroker local_, remote_;
  std::unique_ptr<agent::Agent> agent_;
};

/// Acks every batch whole, as a hub that loses nothing does.
class Acker : private mqtt::Listener {
 public:
  explicit Acker(mqtt::FakeBroker& broker) : client_(broker.MakeClient({.client_id = "acker"})) {}
  [[nodiscard]] Result<void> Start();
  void Work() { client_->Poll(0); }

 private:
  void OnMessage(const mqtt::Message& message) override;
  std::unique_ptr<mqtt::Client> client_;
};

}  // namespace millwright::bench
