// The MQTT seam: one connection, owned and polled by one thread. The real one wraps libmosquitto's
// own-loop calls; the fake one talks to an in-process FakeBroker on a fake clock.
//
// MQTT acks are flow control only: libmosquitto acknowledges before it calls us, and a broker may
// lose what it acknowledged. What must not be lost stands in the outbox and is acked by the hub.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace millwright::mqtt {

struct Message {
  std::string_view topic;              // valid during the callback only
  std::span<const std::byte> payload;  // valid during the callback only
  int qos = 0;
  bool retain = false;
};

struct Will {
  std::string topic = {};
  std::string payload = {};
  int qos = 1;
  bool retain = true;
};

struct Options {
  std::string host = "127.0.0.1";
  int port = 1883;
  std::string client_id = {};
  bool clean_session =
      false;  // false: the broker keeps our subscriptions and queue while we are away
  int keepalive_s = 10;
  /// QoS 1 and 2 messages on their way at once. Mosquitto 2.0.11 (Debian 12) with its default of
  /// max_inflight_messages 20 acknowledges and then loses QoS 2 messages of a client that has more
  /// than 20 under way (measured: 400 sent and acknowledged, 40 delivered), so stay at 20 unless
  /// the broker's limit is known to be higher.
  int inflight_max = 20;
  Nanos reconnect_min = 100 * kMillisecond;  // doubles up to reconnect_max, with jitter
  Nanos reconnect_max = 5 * kSecond;
  std::string username = {};
  std::string password = {};
  /// TLS 1.3 when set, and `host` must be in the broker's certificate. cert_file and key_file for
  /// mutual TLS. Read again at each connection, so a renewed certificate needs no restart.
  std::string ca_file = {};
  std::string cert_file = {};
  std::string key_file = {};
  std::optional<Will> will = {};
};

/// Called inside Poll, on the polling thread.
class Listener {
 public:
  virtual ~Listener() = default;
  /// (Re)connected; subscriptions made before are already renewed. `session_present`: the broker
  /// kept our session.
  virtual void OnConnected(bool session_present) { (void)session_present; }
  virtual void OnDisconnected(std::string_view reason) { (void)reason; }
  virtual void OnMessage(const Message& message) { (void)message; }
  /// A publish reached the broker (QoS 0: was written; 1: PUBACK; 2: PUBCOMP).
  virtual void OnPublished(int message_id) { (void)message_id; }
};

class Client {
 public:
  virtual ~Client() = default;
  /// Begins to connect; Poll goes on from there and reconnects by itself for ever.
  [[nodiscard]] virtual Result<void> Start(Listener& listener) = 0;
  /// Runs I/O and callbacks; returns after `wait_max`, or earlier when something happened or Wake
  /// was called.
  virtual void Poll(Nanos wait_max) = 0;
  /// Any thread: makes Poll return soon.
  virtual void Wake() = 0;
  /// Hands a message to the connection; its id. kUnavailable while disconnected (nothing is queued
  /// then), kExhausted when `inflight_max` x 4 messages wait.
  [[nodiscard]] virtual Result<int> Publish(std::string_view topic,
                                            std::span<const std::byte> payload, int qos,
                                            bool retain) = 0;
  /// Remembered and renewed after each reconnect.
  [[nodiscard]] virtual Result<void> Subscribe(std::string_view filter, int qos) = 0;
  [[nodiscard]] virtual bool connected() const = 0;
  /// QoS 1 and 2 messages handed over and not yet acknowledged.
  [[nodiscard]] virtual size_t unacked() const = 0;
  /// Ends the connection politely and makes another at once, with what now lies in the TLS files;
  /// to the listener it is a link that was lost. Of use where there are such files only.
  virtual void Reconnect() {}
  /// Sends DISCONNECT (the will is not published) and closes.
  virtual void Stop() = 0;
};

/// The libmosquitto client.
[[nodiscard]] std::unique_ptr<Client> MakeClient(Options options);

}  // namespace millwright::mqtt
