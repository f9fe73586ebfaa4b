// Event-stream frames, the envelope of the Greengrass IPC: lengths, headers with types, a payload,
// and two checksums. Integers are big-endian.
//
//   total u32 | headers u32 | crc32 of these 8 u32 | headers | payload | crc32 of all before u32
//   header: name length u8, name, type u8, value (strings and bytes: length u16 first)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "os/files.h"

namespace millwright::greengrass {

/// Beyond these a peer is not believed: nobody makes us hold more than one such frame. The largest
/// that a nucleus sends carries an IoT Core message of 128 KiB in base64.
inline constexpr size_t kFrameBytesMax = size_t{256} << 10;
inline constexpr size_t kHeadersMax = 64;
inline constexpr size_t kFrameOverhead = 16;  // lengths 8, checksums 8

struct Timestamp {
  int64_t ms = 0;  // since 1970
  bool operator==(const Timestamp&) const = default;
};
using Uuid = std::array<std::byte, 16>;
using HeaderValue =
    std::variant<bool, int8_t, int16_t, int32_t, int64_t, os::Bytes, std::string, Timestamp, Uuid>;

struct Header {
  std::string name;  // 1 to 255 bytes
  HeaderValue value;
  bool operator==(const Header&) const = default;
};

struct Frame {
  std::vector<Header> headers;
  os::Bytes payload;
  bool operator==(const Frame&) const = default;
};

/// CRC-32 as in zlib, which continues from `seed`.
[[nodiscard]] uint32_t Crc32(std::span<const std::byte> bytes, uint32_t seed = 0);

/// kInvalid: a header's name or value has a length that the form cannot hold; kExhausted: the frame
/// would be longer than kFrameBytesMax.
[[nodiscard]] Result<os::Bytes> EncodeFrame(const Frame& frame);

/// Takes a stream as it comes, in any pieces. After an error the stream is lost: nobody knows where
/// the next frame begins.
class FrameDecoder {
 public:
  void Push(std::span<const std::byte> bytes);
  /// The next whole frame; nothing where more bytes are needed.
  [[nodiscard]] Result<std::optional<Frame>> Next();
  [[nodiscard]] size_t buffered() const { return buffer_.size() - begin_; }

 private:
  os::Bytes buffer_;
  size_t begin_ = 0;  // of what was not yet taken
};

}  // namespace millwright::greengrass
