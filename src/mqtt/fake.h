// An MQTT broker in this process, for tests and simulated fleets: sessions, QoS 0 to 2, retained
// messages, wills, and the faults that real brokers and links have. Time is whatever its users
// tick; nothing here waits unless a client's Poll is given a wait.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "mqtt/client.h"

namespace millwright::mqtt {

/// True where `topic` matches `filter` with + and #.
[[nodiscard]] bool TopicMatches(std::string_view filter, std::string_view topic);

struct FakeBrokerCounts {
  uint64_t published = 0;      // messages taken from publishers
  uint64_t delivered = 0;      // messages handed to subscribers
  uint64_t dropped_queue = 0;  // beyond queue_max, silently, as real brokers do
};

/// Thread-safe. Outlives its clients.
class FakeBroker {
 public:
  explicit FakeBroker(size_t queue_max = 100'000) : queue_max_(queue_max) {}

  /// A client of this broker. Delivery happens inside its Poll.
  [[nodiscard]] std::unique_ptr<Client> MakeClient(Options options);

  /// Down: every connection breaks (wills are published when it comes back up only if it kept its
  /// memory). `forget`: sessions, queues and retained messages are gone, as after kill -9 without
  /// persistence.
  void SetUp(bool up, bool forget = false);
  /// Cuts or restores the link of one client; the broker publishes its will when the link is cut.
  void SetLink(const std::string& client_id, bool up);
  /// The next `count` acknowledgements to this client are lost: QoS 1 messages are then sent again
  /// by it.
  void LoseAcks(const std::string& client_id, int count);
  /// The next `count` QoS 1 deliveries are handed over twice.
  void Duplicate(int count);
  /// Publishes as an outside client would.
  void Publish(std::string_view topic, std::string_view payload, int qos = 1, bool retain = false);

  [[nodiscard]] std::optional<std::string> Retained(const std::string& topic) const;
  [[nodiscard]] FakeBrokerCounts counts() const;
  [[nodiscard]] bool connected(const std::string& client_id) const;

 private:
  friend class FakeClient;
  struct Stored {
    std::string topic;
    std::string payload;
    int qos = 0;
    bool retain = false;
  };
  struct Session {
    bool online = false;
    bool clean = false;
    bool link_up = true;
    int acks_to_lose = 0;
    uint64_t connection =
        0;  // which connection is the live one: a second client of one id takes over
    std::optional<Will> will;
    std::map<std::string, int> subscriptions;
    std::deque<Stored> queue;
  };

  void Route(const Stored& message) MW_REQUIRES(mutex_);
  void Queue(Session& session, const Stored& message, int qos, bool retained) MW_REQUIRES(mutex_);
  void Drop(Session& session, bool publish_will) MW_REQUIRES(mutex_);

  const size_t queue_max_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool up_ MW_GUARDED_BY(mutex_) = true;
  uint64_t connections_ MW_GUARDED_BY(mutex_) = 0;
  int duplicates_ MW_GUARDED_BY(mutex_) = 0;
  FakeBrokerCounts counts_ MW_GUARDED_BY(mutex_);
  std::map<std::string, Session> sessions_ MW_GUARDED_BY(mutex_);
  std::map<std::string, Stored> retained_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright::mqtt
