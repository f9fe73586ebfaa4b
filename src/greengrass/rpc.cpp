#include "greengrass/rpc.h"

#include <nlohmann/json.hpp>

namespace millwright::greengrass {
namespace {

constexpr const char* kVersion = "0.1.0";

template <typename T>
const T* Find(const Frame& frame, std::string_view name) {
  for (const Header& header : frame.headers)
    if (header.name == name) return std::get_if<T>(&header.value);
  return nullptr;
}

Result<int32_t> Number(const Frame& frame, std::string_view name) {
  if (const auto* value = Find<int32_t>(frame, name)) return *value;
  return Fail(Errc::kInvalid, "greengrass: a message without " + std::string(name));
}

std::string Text(const Frame& frame, std::string_view name) {
  const auto* value = Find<std::string>(frame, name);
  return value == nullptr ? std::string() : *value;
}

os::Bytes Copied(const std::string& text) {
  const auto bytes = os::AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Frame ToFrame(const RpcMessage& message) {
  Frame frame;
  frame.headers = {{":message-type", static_cast<int32_t>(message.type)},
                   {":message-flags", message.flags},
                   {":stream-id", message.stream}};
  if (!message.operation.empty()) frame.headers.push_back({"operation", message.operation});
  if (!message.shape.empty()) {
    frame.headers.push_back({":content-type", std::string("application/json")});
    frame.headers.push_back({"service-model-type", message.shape});
  }
  frame.payload = Copied(message.payload);
  return frame;
}

Result<RpcMessage> FromFrame(const Frame& frame) {
  RpcMessage out;
  MW_TRY(const int32_t type, Number(frame, ":message-type"));
  if (type < 0 || type > static_cast<int32_t>(MessageType::kInternalError))
    return Fail(Errc::kInvalid,
                "greengrass: a message of the unknown type " + std::to_string(type));
  out.type = static_cast<MessageType>(type);
  MW_TRY(out.flags, Number(frame, ":message-flags"));
  MW_TRY(out.stream, Number(frame, ":stream-id"));
  out.operation = Text(frame, "operation");
  out.shape = Text(frame, "service-model-type");
  out.payload = std::string(os::AsText(frame.payload));
  return out;
}

Frame ConnectFrame(const std::string& token) {
  Frame frame = ToFrame({.type = MessageType::kConnect});
  frame.headers.push_back({":version", std::string(kVersion)});
  const nlohmann::json payload = {{"authToken", token}};
  frame.payload = Copied(payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return frame;
}

}  // namespace millwright::greengrass
