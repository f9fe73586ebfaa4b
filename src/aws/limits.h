// What AWS IoT, IoT Jobs, S3 and IoT Greengrass take: names, sizes, numbers. An error names the key
// that is wrong and the bound that it breaks, so that a mistake is found here and not by a service
// that answers after half of the work is done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace millwright::aws {

inline constexpr size_t kJobDocumentBytesMax = 32768;
inline constexpr size_t kRecipeBytesMax = 16384;
inline constexpr size_t kStreamFilesMax = 50;
inline constexpr size_t kDescriptionBytesMax = 1024;  // AWS takes 2028, our gateways this
inline constexpr uint64_t kStreamFileBytesMax = uint64_t{24} << 20;

/// What a name is made of, and how long it may be.
struct NameRule {
  std::string_view others;  // beside letters and digits
  size_t size_min, size_max;
};
inline constexpr NameRule kThingRule{":_-", 1, 128};  // things and thing groups
inline constexpr NameRule kJobRule{"_-", 1, 64};
inline constexpr NameRule kStreamRule{"_-", 1, 64};  // AWS takes 128, our gateways 64
inline constexpr NameRule kComponentRule{"-_.", 1, 128};
inline constexpr NameRule kFileRule{"-_.", 1, 128};
inline constexpr NameRule kProgramRule{"-_./", 1, 256};
inline constexpr NameRule kPrefixRule{"-_./", 1, 512};  // of an S3 key, which ends at 1024

/// kInvalid: "aws: --job-id \"a b\": ...".
[[nodiscard]] Result<void> CheckName(std::string_view key, std::string_view text,
                                     const NameRule& rule);
[[nodiscard]] Result<void> CheckNumber(std::string_view key, double value, double low, double high);
[[nodiscard]] Result<void> CheckSize(std::string_view key, uint64_t bytes, uint64_t bytes_max);

[[nodiscard]] Result<void> CheckAccount(std::string_view key, std::string_view text);
[[nodiscard]] Result<void> CheckRegion(std::string_view key, std::string_view text);
[[nodiscard]] Result<void> CheckBucket(std::string_view key, std::string_view text);
[[nodiscard]] Result<void> CheckRole(std::string_view key, std::string_view arn);
/// Semantic version without build metadata: 1.2.3, 1.2.3-rc.1; at most 64 bytes.
[[nodiscard]] Result<void> CheckVersion(std::string_view key, std::string_view text);
/// No "..", no empty level, no '/' at either end.
[[nodiscard]] Result<void> CheckPath(std::string_view key, std::string_view text,
                                     const NameRule& rule);

}  // namespace millwright::aws
