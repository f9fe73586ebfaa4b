// A client of the Greengrass IPC: connects, authenticates, calls, keeps subscriptions' events
// coming, and connects again when the nucleus goes away.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "greengrass/channel.h"
#include "greengrass/rpc.h"
#include "os/clock.h"

namespace millwright::greengrass {

struct ClientOptions {
  std::string token{};                       // SVCUID
  Nanos reconnect_min = 500 * kMillisecond;  // doubles up to reconnect_max
  Nanos reconnect_max = 30 * kSecond;
  Nanos patience = 10 * kSecond;  // for the answer to a connect or a call
  size_t calls_max = 32;          // under way, subscriptions among them
  size_t outgoing_bytes_max = size_t{512} << 10;
};

/// Not thread-safe: the thread that works it owns it. Callbacks come inside Work; they may call.
class Client {
 public:
  struct Reply {
    std::string shape;    // "aws.greengrass#GetConfigurationResponse"
    std::string payload;  // JSON
  };
  /// Exactly once for each call that was taken: the answer, or why there is none. An error's text
  /// names the service's own error.
  using OnReply = std::function<void(const Result<Reply>& reply)>;
  /// Of a subscription, from its answer on until the connection is lost.
  using OnEvent = std::function<void(const Reply& event)>;

  /// Borrows the clock. `on_connected`: after each connect; nothing of before is under way then.
  Client(ClientOptions options, OpenChannel open, os::Clock& clock,
         std::function<void()> on_connected);

  /// One turn: connects where it is time to, reads, answers, gives up what waited too long, writes.
  void Work();
  /// Sleeps until something comes in, at most so long.
  void Wait(Nanos wait_max);
  /// `operation` without its name space: "UpdateState". kUnavailable while away, kExhausted where
  /// too much is under way.
  [[nodiscard]] Result<void> Call(const std::string& operation, const std::string& payload,
                                  OnReply on_reply, OnEvent on_event = {});
  [[nodiscard]] bool connected() const { return state_ == State::kConnected; }
  /// Nothing of ours waits to be written or answered (subscriptions aside).
  [[nodiscard]] bool idle() const;

 private:
  enum class State : uint8_t { kAway, kConnecting, kConnected };
  struct CallState {
    std::string operation;
    OnReply on_reply;
    OnEvent on_event;
    Nanos deadline = 0;
    bool replied = false;
  };
  void Connect(Nanos now);
  void Lose(const Error& why);
  [[nodiscard]] Result<void> Read();
  [[nodiscard]] Result<void> Take(const RpcMessage& message);
  [[nodiscard]] Result<void> TakeAck(const RpcMessage& message);
  void TakeApplication(const RpcMessage& message);
  void GiveUpLate(Nanos now);
  [[nodiscard]] Result<void> Send(const Frame& frame);
  [[nodiscard]] Result<void> Flush();

  const ClientOptions options_;
  const OpenChannel open_;
  os::Clock& clock_;
  const std::function<void()> on_connected_;
  State state_ = State::kAway;
  std::unique_ptr<Channel> channel_;
  FrameDecoder decoder_;
  os::Bytes outgoing_;
  std::map<int32_t, CallState> calls_;  // by stream
  int32_t streams_ = 0;
  Nanos deadline_ = 0;  // of the connect
  Nanos retry_at_ = 0;  // of the next connect
  Nanos backoff_;
  bool told_away_ = false;  // one line for each time away, not one for each attempt
};

}  // namespace millwright::greengrass
