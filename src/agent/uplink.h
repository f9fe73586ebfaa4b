// The uplink thread: carries outbox records to the hub, most urgent lane first, and lets the outbox
// forget what the hub has acked. Nothing else waits for it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "agent/settings.h"
#include "core/spsc_queue.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "outbox/outbox.h"

namespace millwright::agent {

using ClientFactory = std::function<std::unique_ptr<mqtt::Client>(mqtt::Options)>;

/// A machine was repaired or replaced: learn it anew.
struct ServiceNote {
  std::string service, asset;
  Nanos at = 0;  // by the hub; grows from note to note of one machine
};
/// From uplink to recorder; what finds no room comes again.
using ServiceQueue = SpscQueue<ServiceNote>;

struct UplinkCounts {
  std::atomic<bool> connected{false};
  std::atomic<uint64_t> batches{0};
  std::atomic<uint64_t> events{0};   // sent, repeats included
  std::atomic<uint64_t> resends{0};  // times a lane was sent again from its last ack
  std::atomic<uint64_t> acks{0};
  std::atomic<uint64_t> bad_acks{0};  // payloads that are none, of services too
};

class Uplink : private mqtt::Listener {
 public:
  /// Borrows all; they outlive it.
  Uplink(const Settings& settings, outbox::Outbox& outbox, ServiceQueue& services,
         const ClientFactory& make_client, os::Clock& clock, std::string version);

  [[nodiscard]] Result<void> Start();
  /// One turn: network, then whatever may be sent. Waits for `wait_max` at most.
  void Work(Nanos wait_max);
  /// Any thread: there is something new to send, or the thread is to stop.
  void Wake() { client_->Wake(); }
  /// Any thread: the next turn connects anew, with the certificate that now lies on the disk. What
  /// was under way goes again from the outbox.
  void Reconnect();
  /// Tells the hub that this is a planned stop, and disconnects.
  void Stop();

  /// Nothing waits that the hub has not acked.
  [[nodiscard]] bool Drained() const;
  [[nodiscard]] const UplinkCounts& counts() const { return counts_; }

 private:
  struct LaneState {
    uint64_t sent = 0;  // sent up to here on this connection
    uint64_t acked = 0;
    Nanos sent_at = 0;  // of the oldest batch that waits for its ack
    int silent_resends = 0;
    std::deque<std::pair<uint64_t, size_t>> under_way;  // last sequence and bytes of each batch
    size_t bytes = 0;                                   // under way
  };

  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;
  void OnMessage(const mqtt::Message& message) override;

  void Pump();
  void BeginEpoch();
  [[nodiscard]] bool SendLane(Lane lane);
  void ResendSilent();
  void Rewind(LaneState& lane);
  void TakeAck(std::span<const std::byte> payload);
  void TakeServices(std::span<const std::byte> payload);

  const Settings& settings_;
  outbox::Outbox& outbox_;
  ServiceQueue& services_;
  os::Clock& clock_;
  const std::string version_;
  std::unique_ptr<mqtt::Client> client_;
  uint64_t epoch_ = 0;  // that lanes_ speaks of
  std::array<LaneState, kLanes> lanes_;
  std::vector<outbox::Record> records_;  // keeps its capacity
  UplinkCounts counts_;
  std::atomic<bool> reconnect_{false};
};

}  // namespace millwright::agent
