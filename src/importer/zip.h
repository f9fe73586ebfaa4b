// A ZIP archive in memory, as far as Keras writes them: stored or deflated members, also with
// 64-bit sizes.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::importer {

struct ZipLimits {
  size_t members = 1024;
  size_t member_bytes = size_t{256} << 20;  // unpacked
};

/// Borrows its bytes.
class ZipArchive {
 public:
  /// Reads the central directory. kInvalid: no archive, or a broken one; kExhausted: beyond
  /// `limits`.
  [[nodiscard]] static Result<ZipArchive> Open(std::span<const std::byte> bytes,
                                               const ZipLimits& limits = {});
  /// The member unpacked, its CRC checked. kNotFound; kInvalid where it is broken; kUnsupported
  /// where it is encrypted or packed otherwise; kExhausted beyond the limits.
  [[nodiscard]] Result<std::vector<std::byte>> Read(std::string_view name) const;

 private:
  struct Member {
    uint64_t header = 0;  // offset of its local header
    uint64_t packed = 0;
    uint64_t unpacked = 0;
    uint32_t crc = 0;
    uint16_t flags = 0;
    uint16_t method = 0;
  };
  explicit ZipArchive(std::span<const std::byte> bytes, const ZipLimits& limits)
      : bytes_(bytes), limits_(limits) {}

  std::span<const std::byte> bytes_;
  ZipLimits limits_;
  std::map<std::string, Member, std::less<>> members_;
};

}  // namespace millwright::importer
