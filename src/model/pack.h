// A bundle as one file: a plain tar archive, the same bytes for the same contents, so that its hash
// can be signed and its blocks fetched in any order. Any tar program opens it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "os/files.h"

namespace millwright::model {

inline constexpr size_t kPackFilesMax = 64;
inline constexpr size_t kPackBytesMax = size_t{64} << 20;

struct PackedFile {
  std::string name;  // a plain name: letters, digits, '.', '_', '-'; no leading dot
  std::span<const std::byte> bytes{};
};

/// manifest.json first, the rest by name; owner, mode and time are fixed. kInvalid: a name that is
/// not plain or comes twice; kExhausted: beyond the limits.
[[nodiscard]] Result<os::Bytes> WritePack(std::vector<PackedFile> files);

/// The files of a pack; the spans point into `pack`. Takes only what WritePack writes: kInvalid
/// says at which byte it is something else.
[[nodiscard]] Result<std::vector<PackedFile>> ReadPack(std::span<const std::byte> pack);

/// The pack of the bundle in `folder`, of either kind, which must be whole (CheckBundle).
[[nodiscard]] Result<os::Bytes> PackBundle(os::Files& files, const std::string& folder);

}  // namespace millwright::model
