// The MQTT thread: readings in, decisions out, both over the gateway's own broker.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/decider.h"
#include "agent/doorbell.h"
#include "agent/histogram.h"
#include "agent/ingest.h"
#include "agent/uplink.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "slots/table.h"
#include "wire/decision.h"

namespace millwright::agent {

struct LocalCounts {
  std::atomic<bool> connected{false};
  std::atomic<uint64_t> published{0};      // decisions and heartbeats that the connection took
  std::atomic<uint64_t> not_published{0};  // decisions made while the broker was away
  std::atomic<uint64_t> pauses{0};  // turns in which the socket was left alone: back-pressure
};

/// Where the time between a sensor's publish and the decision's goes; of scored windows, heartbeats
/// not counted.
struct Latency {
  Histogram total;
  Histogram transport;  // the sensor's publish to our callback: the broker's part
  Histogram decide;     // callback to decision: queue, features, model
  Histogram publish;    // decision to its publish
};

class LocalLink : private mqtt::Listener {
 public:
  /// Borrows all; they outlive it. Rings `decider_bell` when there is something to decide.
  LocalLink(const Plan& plan, Inbox& inbox, Outlets& outlets, const DeciderCounts& decider,
            const std::atomic<slots::Phase>& phase, Doorbell& decider_bell,
            const ClientFactory& make_client, os::Clock& clock, std::string version);

  [[nodiscard]] Result<void> Start();
  /// One turn: decisions that wait, messages that came, heartbeats that are due.
  void Work(Nanos wait_max);
  /// Any thread: a decision waits.
  void Wake() { client_->Wake(); }
  void Stop();

  [[nodiscard]] const Latency& latency() const { return latency_; }
  [[nodiscard]] const IngestCounts& ingest() const { return ingest_.counts(); }
  [[nodiscard]] const LocalCounts& counts() const { return counts_; }

 private:
  struct Current {
    Outcome outcome;  // the latest one
    bool known = false;
    Nanos told_at = 0;  // monotonic
  };
  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;
  void OnMessage(const mqtt::Message& message) override;

  void PublishDecisions();
  void Tell(Current& current, bool heartbeat);
  void Measure(const Outcome& outcome, Nanos now);
  void Renew();
  void TellPhase();
  void PublishStatus(bool online);
  [[nodiscard]] bool DeciderLives();

  const Plan& plan_;
  Outlets& outlets_;
  const DeciderCounts& decider_;
  const std::atomic<slots::Phase>& phase_;  // of the update that is under way
  Doorbell& decider_bell_;
  os::Clock& clock_;
  const std::string version_;
  Ingest ingest_;
  std::unique_ptr<mqtt::Client> client_;
  std::vector<Current> current_;
  std::shared_ptr<const Plan> serving_;  // of the latest decision
  slots::Phase told_phase_ = slots::Phase::kIdle;
  std::vector<wire::NamedSignal> signals_;
  std::string text_;
  std::string reason_;
  Latency latency_;
  LocalCounts counts_;
  uint64_t handed_ = 0;      // readings handed on when the decider was last rung
  uint64_t turns_seen_ = 0;  // of the decider
  Nanos turned_at_ = 0;
  Nanos paused_since_ = 0;  // 0: reading
  Nanos renew_at_ = 0;
};

}  // namespace millwright::agent
