// The one file of a backup: a tar archive in zstd, every entry hashed on its way in and out.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "hub/backup/manifest.h"
#include "hub/backup/tar.h"
#include "hub/backup/zstd_file.h"

namespace millwright::hub {

/// Contents are read and written in pieces of this size.
inline constexpr size_t kPieceBytes = size_t{256} << 10;

/// Writes beside `path` and takes its place when it is whole; until then there is nothing there.
/// Mode 0600.
class ArchiveWriter {
 public:
  /// kConflict where there is a file already, or another backup into it is under way.
  [[nodiscard]] static Result<std::unique_ptr<ArchiveWriter>> Create(const std::string& path,
                                                                     Nanos now);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  /// The file as it is now. kConflict where it shrinks meanwhile.
  [[nodiscard]] Result<BackedUpFile> AddFile(const std::string& entry, const std::string& path);
  [[nodiscard]] Result<BackedUpFile> AddText(const std::string& entry, std::string_view text,
                                             uint32_t mode = 0600);
  /// Durable under its name from here on. Its size in bytes.
  [[nodiscard]] Result<uint64_t> Finish();

 private:
  ArchiveWriter(std::string path, OpenFile file, Nanos now);
  [[nodiscard]] Result<void> Begin(const TarEntry& entry);

  const std::string path_, partial_;
  const Nanos now_;
  ZstdWriter out_;
  bool finished_ = false;
};

class ArchiveReader {
 public:
  /// kNotFound, kIo.
  [[nodiscard]] static Result<std::unique_ptr<ArchiveReader>> Open(const std::string& path);

  /// The next entry; nullopt at the end, after which nothing may follow. What was not read of the
  /// entry before is skipped. kInvalid: damaged, or it ends in the middle.
  [[nodiscard]] Result<std::optional<TarEntry>> Next();
  /// Up to so many bytes of the entry; 0 at its end.
  [[nodiscard]] Result<size_t> Read(std::span<std::byte> into);
  /// All of the entry. kExhausted beyond the limit.
  [[nodiscard]] Result<std::string> ReadText(const TarEntry& entry, size_t limit_bytes);

 private:
  explicit ArchiveReader(OpenFile file) : in_(std::move(file)) {}
  [[nodiscard]] Result<void> Skip(uint64_t bytes);
  [[nodiscard]] Result<void> ReadAll(std::span<std::byte> into);

  ZstdReader in_;
  uint64_t left_ = 0;
  size_t padding_ = 0;
};

}  // namespace millwright::hub
