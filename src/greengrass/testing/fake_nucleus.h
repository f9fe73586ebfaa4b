// A nucleus in memory, on the other end of a fake channel. Tests say what it answers, and may send
// any bytes.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "greengrass/channel.h"
#include "greengrass/rpc.h"

namespace millwright::greengrass::testing {

class FakeNucleus {
 public:
  /// What the client opens; fails while the nucleus is down.
  OpenChannel Opener() {
    return [this]() -> Result<std::unique_ptr<Channel>> {
      ++opened;
      if (down) return Fail(Errc::kUnavailable, "nobody listens");
      pipe_ = std::make_shared<Pipe>();
      decoder_ = {};
      return std::make_unique<End>(pipe_);
    };
  }
  /// Reads what the client has written; answers a connect by itself.
  void Work() {
    if (!pipe_) return;
    decoder_.Push(pipe_->to_nucleus);
    pipe_->to_nucleus.clear();
    while (true) {
      const auto frame = decoder_.Next();
      if (!frame || !*frame) return;
      const auto message = FromFrame(**frame);
      if (!message) return;
      heard.push_back(*message);
      if (message->type == MessageType::kConnect && answer_connect)
        Send({.type = MessageType::kConnectAck, .flags = accept ? kAccepted : 0});
    }
  }
  void Send(const RpcMessage& message) { SendBytes(*EncodeFrame(ToFrame(message))); }
  void SendBytes(const os::Bytes& bytes) {
    if (pipe_) pipe_->to_client.insert(pipe_->to_client.end(), bytes.begin(), bytes.end());
  }
  void Answer(int32_t stream, const std::string& shape, const std::string& payload,
              int32_t flags = 0) {
    Send(
        {.flags = flags, .stream = stream, .shape = "aws.greengrass#" + shape, .payload = payload});
  }
  void Refuse(int32_t stream, const std::string& shape, const std::string& payload) {
    Send({.type = MessageType::kApplicationError,
          .flags = kTerminate,
          .stream = stream,
          .shape = "aws.greengrass#" + shape,
          .payload = payload});
  }
  /// The connection breaks.
  void Hang() {
    if (pipe_) pipe_->closed = true;
  }
  /// The newest message of this operation; null where none came.
  [[nodiscard]] const RpcMessage* Last(const std::string& operation) const {
    const auto found = std::find_if(heard.rbegin(), heard.rend(), [&](const RpcMessage& m) {
      return m.operation == "aws.greengrass#" + operation;
    });
    return found == heard.rend() ? nullptr : &*found;
  }
  [[nodiscard]] size_t Count(const std::string& operation) const {
    return static_cast<size_t>(std::ranges::count_if(
        heard, [&](const RpcMessage& m) { return m.operation == "aws.greengrass#" + operation; }));
  }

  std::deque<RpcMessage> heard;
  bool down = false, accept = true, answer_connect = true;
  int opened = 0;

 private:
  struct Pipe {
    os::Bytes to_nucleus, to_client;
    bool closed = false;
  };
  class End : public Channel {
   public:
    explicit End(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
    [[nodiscard]] Result<size_t> Read(std::span<std::byte> into) override {
      os::Bytes& from = pipe_->to_client;
      if (from.empty() && pipe_->closed) return Fail(Errc::kUnavailable, "closed");
      const size_t count = std::min(into.size(), from.size());
      std::copy_n(from.begin(), count, into.begin());
      from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
      return count;
    }
    [[nodiscard]] Result<size_t> Write(std::span<const std::byte> bytes) override {
      if (pipe_->closed) return Fail(Errc::kUnavailable, "closed");
      pipe_->to_nucleus.insert(pipe_->to_nucleus.end(), bytes.begin(), bytes.end());
      return bytes.size();
    }
    void Wait(Nanos, bool) override {}

   private:
    std::shared_ptr<Pipe> pipe_;  // shared with the nucleus, which may outlive the connection
  };
  std::shared_ptr<Pipe> pipe_;
  FrameDecoder decoder_;
};

}  // namespace millwright::greengrass::testing
