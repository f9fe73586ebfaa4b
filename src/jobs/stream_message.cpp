#include "jobs/stream_message.h"

#include <nlohmann/json.hpp>

#include "jobs/base64.h"
#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

using nlohmann::json;

constexpr size_t kTokenMax = 64;
constexpr size_t kFilesMax = 50;
constexpr size_t kTextMax = 1024;

Bytes Dump(const json& message, Encoding encoding) {
  Bytes out;
  if (encoding == Encoding::kCbor) {
    const std::vector<uint8_t> bytes = json::to_cbor(message);
    out.resize(bytes.size());
    std::ranges::transform(bytes, out.begin(), [](uint8_t b) { return std::byte{b}; });
    return out;
  }
  const std::string text = message.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

json BytesMember(const Bytes& bytes, Encoding encoding) {
  if (encoding == Encoding::kJson) return ToBase64(bytes);
  std::vector<uint8_t> raw(bytes.size());
  std::ranges::transform(bytes, raw.begin(),
                         [](std::byte b) { return std::to_integer<uint8_t>(b); });
  return json::binary(std::move(raw));
}

// The library throws at absurd lengths even where it was asked not to.
json Decode(std::span<const std::byte> payload, Encoding encoding) {
  const auto* begin = reinterpret_cast<const uint8_t*>(payload.data());
  const auto* end = begin + payload.size();
  if (encoding == Encoding::kJson) return json::parse(begin, end, nullptr, false);
  try {
    return json::from_cbor(begin, end, true, false);
  } catch (const json::exception&) {
    return {};
  }
}

Result<json> Parse(std::span<const std::byte> payload, Encoding encoding) {
  if (payload.size() > kPayloadBytesMax * 2)
    return Fail(Errc::kInvalid,
                "stream: a message of " + std::to_string(payload.size()) + " bytes");
  json message = Decode(payload, encoding);
  if (payload.empty()) message = json::object();
  if (!message.is_object()) return Fail(Errc::kInvalid, "stream: the message is no object");
  return message;
}

Result<int64_t> Number(const json& message, const char* key, int64_t low, int64_t high,
                       std::optional<int64_t> otherwise = std::nullopt) {
  const auto found = message.find(key);
  if ((found == message.end() || found->is_null()) && otherwise) return *otherwise;
  if (found == message.end() || !found->is_number_integer())
    return Fail(Errc::kInvalid, std::string("stream: ") + key + " is missing or no whole number");
  // An unsigned one beyond the signed range would wrap.
  const bool fits = !found->is_number_unsigned() || found->get<uint64_t>() <= INT64_MAX;
  const int64_t value = fits ? found->get<int64_t>() : -1;
  if (!fits || value < low || value > high)
    return Fail(Errc::kInvalid, std::string("stream: ") + key + " is not " + std::to_string(low) +
                                    " to " + std::to_string(high));
  return value;
}

Result<std::string> Text(const json& message, const char* key, size_t size_max) {
  const auto found = message.find(key);
  if (found == message.end() || found->is_null()) return std::string();
  if (!found->is_string() || found->get_ref<const std::string&>().size() > size_max)
    return Fail(Errc::kInvalid, std::string("stream: ") + key + " is no text or too long");
  return found->get<std::string>();
}

Result<Bytes> ByteString(const json& message, const char* key, Encoding encoding) {
  const auto found = message.find(key);
  if (found == message.end() || found->is_null()) return Bytes();
  if (encoding == Encoding::kCbor && found->is_binary()) {
    const auto& raw = found->get_binary();
    Bytes out(raw.size());
    std::ranges::transform(raw, out.begin(), [](uint8_t b) { return std::byte{b}; });
    return out;
  }
  if (encoding == Encoding::kJson && found->is_string()) {
    auto bytes = FromBase64(found->get_ref<const std::string&>());
    if (bytes) return std::move(*bytes);
  }
  return Fail(Errc::kInvalid, std::string("stream: ") + key + " is no byte string");
}

}  // namespace

std::string_view Name(Encoding encoding) { return encoding == Encoding::kCbor ? "cbor" : "json"; }

Bytes Write(const DescribeRequest& m, Encoding encoding) {
  return Dump({{"c", m.token}}, encoding);
}

Bytes Write(const Description& m, Encoding encoding) {
  json files = json::array();
  for (const StreamFile& f : m.files) files.push_back({{"f", f.id}, {"z", f.bytes}});
  return Dump({{"c", m.token}, {"s", m.version}, {"d", m.text}, {"r", files}}, encoding);
}

Bytes Write(const GetRequest& m, Encoding encoding) {
  json out = {{"c", m.token}, {"f", m.file}, {"l", m.block_bytes}, {"o", m.offset}};
  if (m.version) out["s"] = *m.version;
  if (m.count) out["n"] = *m.count;
  if (!m.bitmap.empty()) out["b"] = BytesMember(m.bitmap, encoding);
  return Dump(out, encoding);
}

Bytes Write(const Block& m, Encoding encoding) {
  return Dump({{"c", m.token},
               {"f", m.file},
               {"l", m.block_bytes},
               {"i", m.index},
               {"p", BytesMember(m.payload, encoding)}},
              encoding);
}

Bytes Write(const StreamRefusal& m, Encoding encoding) {
  return Dump({{"o", m.code}, {"m", m.message}, {"c", m.token}}, encoding);
}

Result<DescribeRequest> ReadDescribe(std::span<const std::byte> payload, Encoding encoding) {
  MW_TRY(const json message, Parse(payload, encoding));
  DescribeRequest out;
  MW_TRY(out.token, Text(message, "c", kTokenMax));
  return out;
}

Result<Description> ReadDescription(std::span<const std::byte> payload, Encoding encoding) {
  MW_TRY(const json message, Parse(payload, encoding));
  Description out;
  MW_TRY(out.token, Text(message, "c", kTokenMax));
  MW_TRY(out.version, Number(message, "s", 0, INT64_MAX));
  MW_TRY(out.text, Text(message, "d", kTextMax));
  const auto files = message.find("r");
  if (files == message.end() || !files->is_array() || files->size() > kFilesMax)
    return Fail(Errc::kInvalid, "stream: r is no list of files");
  for (const json& file : *files) {
    if (!file.is_object()) return Fail(Errc::kInvalid, "stream: r is no list of files");
    MW_TRY(const int64_t id, Number(file, "f", 0, 255));
    MW_TRY(const int64_t bytes, Number(file, "z", 0, INT64_MAX));
    out.files.push_back({.id = id, .bytes = static_cast<uint64_t>(bytes)});
  }
  return out;
}

Result<GetRequest> ReadGet(std::span<const std::byte> payload, Encoding encoding) {
  MW_TRY(const json message, Parse(payload, encoding));
  GetRequest out;
  MW_TRY(out.token, Text(message, "c", kTokenMax));
  if (message.contains("s") && !message["s"].is_null()) {
    MW_TRY(out.version, Number(message, "s", 0, INT64_MAX));
  }
  MW_TRY(out.file, Number(message, "f", 0, 255));
  MW_TRY(out.block_bytes, Number(message, "l", kBlockBytesMin, kBlockBytesMax));
  MW_TRY(out.offset, Number(message, "o", 0, kBlockIndexMax, 0));
  if (message.contains("n") && !message["n"].is_null()) {
    MW_TRY(out.count, Number(message, "n", 1, kBlockIndexMax));
  }
  MW_TRY(out.bitmap, ByteString(message, "b", encoding));
  if (out.bitmap.size() > static_cast<size_t>(kBlockIndexMax) / 8)
    return Fail(Errc::kInvalid, "stream: b is too long");
  return out;
}

Result<Block> ReadBlock(std::span<const std::byte> payload, Encoding encoding) {
  MW_TRY(const json message, Parse(payload, encoding));
  Block out;
  MW_TRY(out.token, Text(message, "c", kTokenMax));
  MW_TRY(out.file, Number(message, "f", 0, 255));
  MW_TRY(out.block_bytes, Number(message, "l", 1, kBlockBytesMax));
  MW_TRY(out.index, Number(message, "i", 0, kBlockIndexMax));
  MW_TRY(out.payload, ByteString(message, "p", encoding));
  return out;
}

Result<StreamRefusal> ReadRefusal(std::span<const std::byte> payload, Encoding encoding) {
  MW_TRY(const json message, Parse(payload, encoding));
  StreamRefusal out;
  MW_TRY(out.token, Text(message, "c", kTokenMax));
  MW_TRY(out.code, Text(message, "o", kTextMax));
  MW_TRY(out.message, Text(message, "m", kTextMax));
  return out;
}

}  // namespace millwright::jobs
