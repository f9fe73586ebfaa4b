// The hub's connection to the broker for reports: takes them, has them judged, answers. One thread
// owns it.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <vector>

#include "hub/defender/defender.h"
#include "mqtt/client.h"

namespace millwright::hub {

/// A turn takes what has come, judges all of it in one transaction, then answers: an accepted
/// report is on disk. Queues are bounded; a report beyond is counted and told nothing, and the
/// device's next one comes in its time.
class DefenderLink : private mqtt::Listener {
 public:
  /// Borrows both. `prefix` is the head of topics: "$aws/things".
  DefenderLink(mqtt::Client& client, Defender& defender, std::string prefix);

  [[nodiscard]] Result<void> Start();
  /// Waits up to `wait_max` for reports.
  void Step(Nanos wait_max);
  void Finish() { client_.Stop(); }
  /// Any thread.
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] uint64_t dropped() const { return dropped_; }

 private:
  struct Letter {
    std::string topic;  // of an inbox: the whole one; of an outbox too
    std::vector<std::byte> payload;
  };
  void OnMessage(const mqtt::Message& message) override;
  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;
  void Judge();
  void SendAnswers();

  mqtt::Client& client_;
  Defender& defender_;
  const std::string prefix_;
  std::vector<Letter> inbox_;
  std::deque<Letter> outbox_;
  std::atomic<bool> connected_ = false;
  std::atomic<uint64_t> dropped_ = 0;
};

}  // namespace millwright::hub
