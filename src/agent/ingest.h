// From MQTT messages to items for the decision thread. Runs on the MQTT thread; allocates nothing
// for a good message and survives any bad one.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/outcome.h"
#include "agent/plan.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::agent {

/// Written by one thread each, read by any.
struct IngestCounts {
  std::atomic<uint64_t> readings{0};  // handed on, blocks included
  std::atomic<uint64_t> rejected{0};  // payloads that are none
  std::atomic<uint64_t> unknown_topics{0};
  std::atomic<uint64_t> dropped{0};  // no room within the bound
};

class Ingest {
 public:
  /// Borrows all; they outlive it.
  Ingest(const Plan& plan, Inbox& inbox, os::Clock& clock);

  /// One message of the local broker. What is dropped for want of room is declared by the next item
  /// of its channel.
  void Take(const mqtt::Message& message);

  /// Whether another burst of messages surely has room. Callers stop reading the socket otherwise:
  /// the broker then queues, which costs nothing.
  [[nodiscard]] bool HasRoom() const;

  /// Channels that the plan has and that were not known: their topics, to be subscribed to. Those
  /// of earlier plans stay.
  std::vector<std::pair<std::string, int>> Follow(const Plan& plan);

  /// Topics to subscribe to, each with its QoS.
  [[nodiscard]] std::vector<std::pair<std::string, int>> Topics() const;
  [[nodiscard]] const IngestCounts& counts() const { return counts_; }

 private:
  struct Route {
    uint16_t asset = 0;
    uint16_t channel = 0;
    int qos = 2;
    dsp::ChannelKind kind = dsp::ChannelKind::kReading;
    bool dropped = false;
    Nanos complained_at = 0;
  };
  void TakeReading(Route& route, std::span<const std::byte> payload);
  void TakeBlock(Route& route, std::span<const std::byte> payload);
  void Hand(Route& route, Item item);
  void Reject(Route& route, std::string_view topic, const std::string& why);
  void Drop(Route& route);

  Inbox& inbox_;
  os::Clock& clock_;
  std::map<std::string, Route, std::less<>> routes_;
  std::string_view topic_;  // of the message in hand
  IngestCounts counts_;
};

}  // namespace millwright::agent
