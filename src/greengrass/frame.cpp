#include "greengrass/frame.h"

#include <algorithm>
#include <type_traits>

namespace millwright::greengrass {
namespace {

constexpr size_t kPreludeBytes = 12;  // lengths and their checksum

enum Type : uint8_t {
  kTrue = 0,
  kFalse = 1,
  kByte = 2,
  kShort = 3,
  kInt = 4,
  kLong = 5,
  kBytes = 6,
  kString = 7,
  kTimestamp = 8,
  kUuid = 9,
};

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);  // the polynomial, reflected
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = MakeTable();

template <typename T>
void Put(os::Bytes& out, T value) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<std::byte>(bits >> (8 * i)));
}

template <typename T>
T At(std::span<const std::byte> bytes, size_t at) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    bits = bits << 8 | std::to_integer<uint64_t>(bytes[at + i]);
  return static_cast<T>(bits);
}

tl::unexpected<Error> Wrong(const std::string& what) {
  return Fail(Errc::kInvalid, "greengrass: a frame " + what);
}

void PutAll(os::Bytes& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

class ValueWriter {
 public:
  explicit ValueWriter(os::Bytes& out) : out_(out) {}
  void operator()(bool value) { Put(out_, uint8_t{value ? kTrue : kFalse}); }
  void operator()(int8_t value) { Number(kByte, value); }
  void operator()(int16_t value) { Number(kShort, value); }
  void operator()(int32_t value) { Number(kInt, value); }
  void operator()(int64_t value) { Number(kLong, value); }
  void operator()(const Timestamp& value) { Number(kTimestamp, value.ms); }
  void operator()(const os::Bytes& value) { Long(kBytes, value); }
  void operator()(const std::string& value) { Long(kString, os::AsBytes(value)); }
  void operator()(const Uuid& value) {
    Put(out_, uint8_t{kUuid});
    PutAll(out_, value);
  }

 private:
  template <typename T>
  void Number(uint8_t type, T value) {
    Put(out_, type);
    Put(out_, value);
  }
  void Long(uint8_t type, std::span<const std::byte> value) {
    Put(out_, type);
    Put(out_, static_cast<uint16_t>(value.size()));
    PutAll(out_, value);
  }
  os::Bytes& out_;
};

bool Fits(const Header& header) {
  constexpr size_t kValueMax = 32767;  // signed in the protocol's own libraries
  if (header.name.empty() || header.name.size() > 255) return false;
  if (const auto* text = std::get_if<std::string>(&header.value)) return text->size() <= kValueMax;
  if (const auto* bytes = std::get_if<os::Bytes>(&header.value)) return bytes->size() <= kValueMax;
  return true;
}

// What is left of a frame's headers.
class HeaderReader {
 public:
  explicit HeaderReader(std::span<const std::byte> bytes) : left_(bytes) {}
  [[nodiscard]] bool done() const { return left_.empty(); }

  [[nodiscard]] Result<Header> Next() {
    MW_TRY(const auto length, Number<uint8_t>());
    if (length == 0) return Wrong("has a header without a name");
    MW_TRY(const auto name, Take(length));
    Header header{.name = std::string(os::AsText(name)), .value = false};
    MW_TRY(const auto type, Number<uint8_t>());
    MW_TRY(header.value, Value(type));
    return header;
  }

 private:
  [[nodiscard]] Result<std::span<const std::byte>> Take(size_t count) {
    if (left_.size() < count) return Wrong("has a header that goes beyond the headers' end");
    const auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  template <typename T>
  [[nodiscard]] Result<T> Number() {
    MW_TRY(const auto bytes, Take(sizeof(T)));
    return At<T>(bytes, 0);
  }
  template <typename T>
  [[nodiscard]] Result<HeaderValue> AsValue() {
    MW_TRY(const T value, Number<T>());
    return HeaderValue(value);
  }
  [[nodiscard]] Result<std::span<const std::byte>> Long() {
    MW_TRY(const auto length, Number<uint16_t>());
    return Take(length);
  }
  [[nodiscard]] Result<HeaderValue> Value(uint8_t type);

  std::span<const std::byte> left_;
};

Result<HeaderValue> HeaderReader::Value(uint8_t type) {
  switch (type) {
    case kTrue:
    case kFalse:
      return HeaderValue(type == kTrue);
    case kByte:
      return AsValue<int8_t>();
    case kShort:
      return AsValue<int16_t>();
    case kInt:
      return AsValue<int32_t>();
    case kLong:
      return AsValue<int64_t>();
    case kBytes: {
      MW_TRY(const auto bytes, Long());
      return HeaderValue(os::Bytes(bytes.begin(), bytes.end()));
    }
    case kString: {
      MW_TRY(const auto bytes, Long());
      return HeaderValue(std::string(os::AsText(bytes)));
    }
    case kTimestamp: {
      MW_TRY(const auto ms, Number<int64_t>());
      return HeaderValue(Timestamp{ms});
    }
    case kUuid: {
      MW_TRY(const auto bytes, Take(std::tuple_size_v<Uuid>));
      Uuid uuid;
      std::ranges::copy(bytes, uuid.begin());
      return HeaderValue(uuid);
    }
    default:
      return Wrong("has a header of the unknown type " + std::to_string(type));
  }
}

// A whole frame, both lengths already judged.
Result<Frame> Decode(std::span<const std::byte> whole, size_t headers_bytes) {
  const size_t end = whole.size() - sizeof(uint32_t);
  if (Crc32(whole.first(end)) != At<uint32_t>(whole, end))
    return Wrong("does not have the checksum that it tells");
  Frame frame;
  HeaderReader headers(whole.subspan(kPreludeBytes, headers_bytes));
  while (!headers.done()) {
    if (frame.headers.size() == kHeadersMax)
      return Wrong("has more than " + std::to_string(kHeadersMax) + " headers");
    MW_TRY(Header header, headers.Next());
    frame.headers.push_back(std::move(header));
  }
  const auto payload =
      whole.subspan(kPreludeBytes + headers_bytes, whole.size() - kFrameOverhead - headers_bytes);
  frame.payload.assign(payload.begin(), payload.end());
  return frame;
}

}  // namespace

uint32_t Crc32(std::span<const std::byte> bytes, uint32_t seed) {
  uint32_t crc = ~seed;
  for (const std::byte byte : bytes)
    crc = (crc >> 8) ^ kTable[(crc ^ std::to_integer<uint32_t>(byte)) & 0xFFU];
  return ~crc;
}

Result<os::Bytes> EncodeFrame(const Frame& frame) {
  if (frame.headers.size() > kHeadersMax) return Wrong("cannot have so many headers");
  os::Bytes headers;
  for (const Header& header : frame.headers) {
    if (!Fits(header)) return Wrong("cannot hold the header \"" + header.name + "\"");
    Put(headers, static_cast<uint8_t>(header.name.size()));
    PutAll(headers, os::AsBytes(header.name));
    std::visit(ValueWriter(headers), header.value);
  }
  const size_t total = headers.size() + frame.payload.size() + kFrameOverhead;
  if (total > kFrameBytesMax)
    return Fail(Errc::kExhausted, "greengrass: a frame of " + std::to_string(total) +
                                      " bytes; at most " + std::to_string(kFrameBytesMax));
  os::Bytes out;
  out.reserve(total);
  Put(out, static_cast<uint32_t>(total));
  Put(out, static_cast<uint32_t>(headers.size()));
  Put(out, Crc32(out));
  PutAll(out, headers);
  PutAll(out, frame.payload);
  Put(out, Crc32(out));
  return out;
}

void FrameDecoder::Push(std::span<const std::byte> bytes) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  PutAll(buffer_, bytes);
}

Result<std::optional<Frame>> FrameDecoder::Next() {
  const std::span<const std::byte> waiting = std::span(buffer_).subspan(begin_);
  if (waiting.size() < kPreludeBytes) return std::optional<Frame>();
  // Before a length is believed: a wrong one would make us wait for bytes that never come.
  if (Crc32(waiting.first(8)) != At<uint32_t>(waiting, 8))
    return Wrong("begins with lengths that are not those of its checksum");
  const size_t total = At<uint32_t>(waiting, 0), headers = At<uint32_t>(waiting, 4);
  if (total < kFrameOverhead || total > kFrameBytesMax)
    return Wrong("tells a length of " + std::to_string(total) + " bytes");
  if (headers > total - kFrameOverhead) return Wrong("tells headers that are longer than itself");
  if (waiting.size() < total) return std::optional<Frame>();
  begin_ += total;
  MW_TRY(Frame frame, Decode(waiting.first(total), headers));
  return std::optional(std::move(frame));
}

}  // namespace millwright::greengrass
