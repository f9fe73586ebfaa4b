#include "greengrass/client.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/log.h"

namespace millwright::greengrass {
namespace {

constexpr std::string_view kNamespace = "aws.greengrass#";
constexpr size_t kReadBytes = size_t{32} << 10;
constexpr int kReadsPerTurn = 32;  // then others get their turn, whatever the peer sends
constexpr size_t kReasonMax = 300;

Errc CodeOf(std::string_view shape) {
  if (shape.ends_with("ResourceNotFoundError")) return Errc::kNotFound;
  if (shape.ends_with("InvalidArgumentsError")) return Errc::kInvalid;
  if (shape.ends_with("UnauthorizedError")) return Errc::kUnsupported;
  if (shape.ends_with("UnsupportedOperation")) return Errc::kUnsupported;
  return Errc::kUnavailable;
}

// The classic nucleus says "message", lite "_message".
std::string MessageOf(const std::string& payload) {
  const auto json = nlohmann::json::parse(payload, nullptr, false);
  if (!json.is_object()) return {};
  for (const char* key : {"message", "_message"})
    if (const auto found = json.find(key); found != json.end() && found->is_string())
      return found->get<std::string>().substr(0, kReasonMax);
  return {};
}

Error ErrorOf(const std::string& operation, const RpcMessage& message) {
  std::string what = "greengrass: " + operation + ": " + message.shape.substr(0, kReasonMax);
  if (const std::string why = MessageOf(message.payload); !why.empty()) what += ": " + why;
  return {CodeOf(message.shape), std::move(what)};
}

}  // namespace

Client::Client(ClientOptions options, OpenChannel open, os::Clock& clock,
               std::function<void()> on_connected)
    : options_(std::move(options)),
      open_(std::move(open)),
      clock_(clock),
      on_connected_(std::move(on_connected)),
      backoff_(options_.reconnect_min) {}

bool Client::idle() const {
  return outgoing_.empty() &&
         std::ranges::all_of(calls_, [](const auto& call) { return call.second.replied; });
}

void Client::Work() {
  const Nanos now = clock_.Monotonic();
  if (state_ == State::kAway) {
    if (now >= retry_at_) Connect(now);
    return;
  }
  if (state_ == State::kConnecting && now >= deadline_)
    return Lose({Errc::kUnavailable, "greengrass: the nucleus does not answer"});
  if (auto read = Read(); !read) return Lose(read.error());
  GiveUpLate(now);
  if (auto written = Flush(); !written) Lose(written.error());
}

void Client::Wait(Nanos wait_max) {
  if (channel_)
    channel_->Wait(wait_max, !outgoing_.empty());
  else
    clock_.SleepFor(wait_max);
}

void Client::Connect(Nanos now) {
  auto opened = open_();
  if (!opened) return Lose(opened.error());
  channel_ = std::move(*opened);
  state_ = State::kConnecting;
  deadline_ = now + options_.patience;
  decoder_ = {};
  streams_ = 0;
  auto sent = Send(ConnectFrame(options_.token));
  if (sent) sent = Flush();
  if (!sent) Lose(sent.error());
}

void Client::Lose(const Error& why) {
  if (!told_away_) log::Warning("greengrass", "no connection to the nucleus", {{"why", why.what}});
  told_away_ = true;
  state_ = State::kAway;
  channel_.reset();
  outgoing_.clear();
  retry_at_ = clock_.Monotonic() + backoff_;
  backoff_ = std::min(2 * backoff_, options_.reconnect_max);
  // A callback may call, which fails at once: the map is not touched while it is walked.
  const auto lost = std::exchange(calls_, {});
  for (const auto& [stream, call] : lost)
    if (!call.replied) call.on_reply(tl::unexpected(why));
}

Result<void> Client::Read() {
  std::array<std::byte, kReadBytes> bytes{};
  for (int i = 0; i < kReadsPerTurn; ++i) {
    MW_TRY(const size_t count, channel_->Read(bytes));
    if (count == 0) return {};
    decoder_.Push(std::span(bytes).first(count));
    while (true) {
      MW_TRY(const auto frame, decoder_.Next());
      if (!frame) break;
      MW_TRY(const RpcMessage message, FromFrame(*frame));
      MW_TRY(Take(message));
    }
  }
  return {};
}

Result<void> Client::Take(const RpcMessage& message) {
  switch (message.type) {
    case MessageType::kConnectAck:
      return TakeAck(message);
    case MessageType::kApplication:
    case MessageType::kApplicationError:
      if (state_ != State::kConnected)
        return Fail(Errc::kInvalid, "greengrass: a message before the connect was answered");
      TakeApplication(message);
      return {};
    case MessageType::kPing:
      return Send(ToFrame({.type = MessageType::kPingResponse, .payload = message.payload}));
    case MessageType::kPingResponse:
      return {};
    case MessageType::kConnect:
      return Fail(Errc::kInvalid, "greengrass: the other side is a client");
    case MessageType::kProtocolError:
    case MessageType::kInternalError:
      break;
  }
  return Fail(Errc::kUnavailable, "greengrass: the nucleus gave up: " + MessageOf(message.payload));
}

Result<void> Client::TakeAck(const RpcMessage& message) {
  if (state_ != State::kConnecting)
    return Fail(Errc::kInvalid, "greengrass: a connect was answered twice");
  if ((message.flags & kAccepted) == 0)
    return Fail(Errc::kUnsupported, "greengrass: the nucleus refused the component's token");
  state_ = State::kConnected;
  backoff_ = options_.reconnect_min;
  told_away_ = false;
  on_connected_();
  return {};
}

// A stream that is not known (any more) is no fault: the answer was only too late.
void Client::TakeApplication(const RpcMessage& message) {
  const auto found = calls_.find(message.stream);
  if (found == calls_.end()) return;
  const bool first = !found->second.replied;
  const bool failed = message.type == MessageType::kApplicationError;
  const bool ends = failed || (message.flags & kTerminate) != 0 || !found->second.on_event;
  const CallState call = found->second;  // a callback may change the map
  found->second.replied = true;
  if (ends) calls_.erase(found);
  if (ends && (message.flags & kTerminate) == 0)
    (void)Send(ToFrame({.flags = kTerminate, .stream = message.stream}));
  const Reply reply = {.shape = message.shape, .payload = message.payload};
  if (failed) {
    const Error error = ErrorOf(call.operation, message);
    if (first) return call.on_reply(tl::unexpected(error));
    return log::Failure("greengrass", error);
  }
  if (first && !(message.shape.empty() && ends)) return call.on_reply(reply);
  if (first)
    return call.on_reply(
        Fail(Errc::kUnavailable, "greengrass: " + call.operation + ": ended without an answer"));
  if (call.on_event && !message.shape.empty()) call.on_event(reply);
}

void Client::GiveUpLate(Nanos now) {
  std::vector<int32_t> late;
  for (const auto& [stream, call] : calls_)
    if (!call.replied && now >= call.deadline) late.push_back(stream);
  for (const int32_t stream : late) {
    auto node = calls_.extract(stream);
    if (!node) continue;
    (void)Send(ToFrame({.flags = kTerminate, .stream = stream}));
    const CallState& call = node.mapped();
    call.on_reply(Fail(Errc::kUnavailable, "greengrass: " + call.operation + ": no answer"));
  }
}

Result<void> Client::Call(const std::string& operation, const std::string& payload,
                          OnReply on_reply, OnEvent on_event) {
  if (!connected())
    return Fail(Errc::kUnavailable, "greengrass: " + operation + ": no connection to the nucleus");
  if (calls_.size() >= options_.calls_max)
    return Fail(Errc::kExhausted, "greengrass: " + operation + ": too many calls under way");
  if (streams_ == std::numeric_limits<int32_t>::max())
    return Fail(Errc::kExhausted, "greengrass: " + operation + ": the connection is used up");
  const std::string name = std::string(kNamespace) + operation;
  MW_TRY(Send(ToFrame(
      {.stream = streams_ + 1, .operation = name, .shape = name + "Request", .payload = payload})));
  calls_[++streams_] = {.operation = operation,
                        .on_reply = std::move(on_reply),
                        .on_event = std::move(on_event),
                        .deadline = clock_.Monotonic() + options_.patience};
  return {};
}

Result<void> Client::Send(const Frame& frame) {
  MW_TRY(const os::Bytes bytes, EncodeFrame(frame));
  if (outgoing_.size() + bytes.size() > options_.outgoing_bytes_max)
    return Fail(Errc::kExhausted, "greengrass: the nucleus does not take what it is sent");
  outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
  return {};
}

Result<void> Client::Flush() {
  while (!outgoing_.empty()) {
    MW_TRY(const size_t count, channel_->Write(outgoing_));
    if (count == 0) return {};
    outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return {};
}

}  // namespace millwright::greengrass
