// The messages of the MQTT file-stream contract, in both of its encodings. Source: AWS IoT Core
// developer guide, "MQTT-based file delivery".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::jobs {

using Bytes = std::vector<std::byte>;

inline constexpr int64_t kBlockBytesMin = 256;
inline constexpr int64_t kBlockBytesMax = 131072;
inline constexpr int64_t kBlockIndexMax = 98304;

enum class Encoding : uint8_t { kJson, kCbor };
/// "json", "cbor": the last level of every topic.
[[nodiscard]] std::string_view Name(Encoding encoding);

struct StreamFile {
  int64_t id = 0;
  uint64_t bytes = 0;
};

struct DescribeRequest {
  std::string token{};
};
struct Description {
  std::string token{};
  int64_t version = 1;
  std::string text{};
  std::vector<StreamFile> files{};
};
struct GetRequest {
  std::string token{};
  std::optional<int64_t> version{};  // refused where the stream's is another
  int64_t file = 0;
  int64_t block_bytes = 4096;
  int64_t offset = 0;              // first block that the bitmap, or the count, speaks of
  std::optional<int64_t> count{};  // blocks; all the rest where neither it nor a bitmap is given
  Bytes bitmap{};                  // bit i, lowest first: block offset + i is wanted
};
struct Block {
  std::string token{};
  int64_t file = 0;
  int64_t block_bytes = 0;  // of this block's payload
  int64_t index = 0;
  Bytes payload{};
};
struct StreamRefusal {
  std::string token{};
  std::string code{};  // "ResourceNotFound", "VersionMismatch", ...
  std::string message{};
};

[[nodiscard]] Bytes Write(const DescribeRequest& message, Encoding encoding);
[[nodiscard]] Bytes Write(const Description& message, Encoding encoding);
[[nodiscard]] Bytes Write(const GetRequest& message, Encoding encoding);
[[nodiscard]] Bytes Write(const Block& message, Encoding encoding);
[[nodiscard]] Bytes Write(const StreamRefusal& message, Encoding encoding);

/// kInvalid says which member is wrong.
[[nodiscard]] Result<DescribeRequest> ReadDescribe(std::span<const std::byte> payload,
                                                   Encoding encoding);
[[nodiscard]] Result<Description> ReadDescription(std::span<const std::byte> payload,
                                                  Encoding encoding);
[[nodiscard]] Result<GetRequest> ReadGet(std::span<const std::byte> payload, Encoding encoding);
[[nodiscard]] Result<Block> ReadBlock(std::span<const std::byte> payload, Encoding encoding);
[[nodiscard]] Result<StreamRefusal> ReadRefusal(std::span<const std::byte> payload,
                                                Encoding encoding);

}  // namespace millwright::jobs
