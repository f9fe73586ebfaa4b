// Sends what a plant emits over MQTT and remembers what the broker acknowledged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "json_lines.h"
#include "machines/plant.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::sim {

struct PublishCounts {
  uint64_t made = 0;          // emissions that were due
  uint64_t acknowledged = 0;  // the broker has them
  uint64_t dropped = 0;       // not handed over: the broker was away or too much was on its way
};

class Publisher final : public mqtt::Listener {
 public:
  /// Borrows all; they outlive the Publisher.
  Publisher(const machines::Plant& plant, mqtt::Client& client, os::Clock& clock,
            JsonLines& published);

  /// Stamps and hands over one emission. What cannot be handed over is dropped and counted; its
  /// sequence number stays used, so that a receiver sees the hole.
  void Publish(const machines::Emission& emission);
  [[nodiscard]] const PublishCounts& counts() const { return counts_; }

  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;
  void OnPublished(int message_id) override;

 private:
  struct Stream {
    std::string topic, asset, channel;
    double rate_hz = 0;
    uint64_t sequence = 0;
  };
  struct Sent {
    size_t stream = 0;
    Nanos ts_ns = 0;
    uint64_t sequence = 0;
  };
  void EncodeReading(const machines::Emission& emission, uint64_t sequence);
  void EncodeBlock(const machines::Emission& emission, const Stream& stream);

  mqtt::Client& client_;
  os::Clock& clock_;
  JsonLines& published_;
  int qos_;
  std::vector<size_t> first_stream_;  // per machine
  std::vector<Stream> streams_;
  std::string payload_;
  std::string samples_;
  std::unordered_map<int, Sent> waiting_;  // by message id; bounded by the client's own limit
  PublishCounts counts_;
};

}  // namespace millwright::sim
