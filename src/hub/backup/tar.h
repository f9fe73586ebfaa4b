// Headers of a tar archive (POSIX ustar; sizes from 8 GiB on as GNU tar writes them): plain files
// only. Any tar program lists such an archive; this one takes nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::hub {

inline constexpr size_t kTarBlockBytes = 512;
using TarBlock = std::array<std::byte, kTarBlockBytes>;

struct TarEntry {
  std::string path;
  uint64_t bytes = 0;
  uint32_t mode = 0600;  // permissions only
  int64_t time_s = 0;    // UTC
};

/// A path that stays where it is put: relative, segments that are neither empty nor "." nor "..",
/// no control character and no backslash. kInvalid names it.
[[nodiscard]] Result<void> CheckEntryPath(std::string_view path);

/// kInvalid: the path is not plain; kUnsupported: it is longer than ustar holds (155 + 100 bytes).
[[nodiscard]] Result<TarBlock> EncodeTarHeader(const TarEntry& entry);
/// nullopt: a block of zeros, which ends an archive. kInvalid: wrong checksum, no plain file, a
/// path that is not plain.
[[nodiscard]] Result<std::optional<TarEntry>> DecodeTarHeader(
    std::span<const std::byte, kTarBlockBytes> block);

/// Zeros that follow so many bytes of content, up to the next block.
[[nodiscard]] constexpr size_t TarPadding(uint64_t bytes) {
  return static_cast<size_t>((kTarBlockBytes - bytes % kTarBlockBytes) % kTarBlockBytes);
}

}  // namespace millwright::hub
