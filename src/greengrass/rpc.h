// The remote calls that travel in frames: what kind of message, of which call ("stream"), and a
// shape of the service's model as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "greengrass/frame.h"

namespace millwright::greengrass {

enum class MessageType : int32_t {
  kApplication = 0,
  kApplicationError = 1,
  kPing = 2,
  kPingResponse = 3,
  kConnect = 4,
  kConnectAck = 5,
  kProtocolError = 6,
  kInternalError = 7,
};
inline constexpr int32_t kAccepted = 1;   // flag of a kConnectAck
inline constexpr int32_t kTerminate = 2;  // flag: the call ends with this message

struct RpcMessage {
  MessageType type = MessageType::kApplication;
  int32_t flags = 0;
  int32_t stream = 0;       // 0: of the connection; a client counts its calls from 1
  std::string operation{};  // "aws.greengrass#UpdateState", in the first message of a call
  std::string shape{};      // "aws.greengrass#UpdateStateRequest"
  std::string payload{};    // JSON
};

[[nodiscard]] Frame ToFrame(const RpcMessage& message);
/// kInvalid where a header that every message has is missing or has another type.
[[nodiscard]] Result<RpcMessage> FromFrame(const Frame& frame);

/// The first message of a connection.
[[nodiscard]] Frame ConnectFrame(const std::string& token);

}  // namespace millwright::greengrass
