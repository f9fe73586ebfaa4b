// The lowest file seam: one system call each, by path. What survives a power cut is decided here,
// so a fake one can enumerate every state that a cut may leave (fake_disk.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::os {

using Bytes = std::vector<std::byte>;

/// Errors: kNotFound, kExhausted (the disk is full, or a file is beyond a limit), else kIo.
class Disk {
 public:
  virtual ~Disk() = default;
  /// The whole file; kExhausted beyond `limit_bytes`.
  [[nodiscard]] virtual Result<Bytes> Read(const std::string& path, size_t limit_bytes) = 0;
  /// An empty file, whatever was there.
  [[nodiscard]] virtual Result<void> Create(const std::string& path) = 0;
  /// Into an existing file, which grows where needed.
  [[nodiscard]] virtual Result<void> WriteAt(const std::string& path, uint64_t offset,
                                             std::span<const std::byte> bytes) = 0;
  /// What was written to the file survives a power cut from now on; its name may not.
  [[nodiscard]] virtual Result<void> SyncFile(const std::string& path) = 0;
  /// Names made, moved and removed in the folder survive from now on.
  [[nodiscard]] virtual Result<void> SyncFolder(const std::string& folder) = 0;
  /// Files and folders; replaces a file or an empty folder of that name.
  [[nodiscard]] virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  /// A file or an empty folder; a missing one is no error.
  [[nodiscard]] virtual Result<void> Remove(const std::string& path) = 0;
  /// True where it was made, false where it was there.
  [[nodiscard]] virtual Result<bool> MakeFolder(const std::string& path) = 0;
  /// Names in the folder, sorted, without "." and "..".
  [[nodiscard]] virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  [[nodiscard]] virtual bool Exists(const std::string& path) = 0;
};

class RealDisk : public Disk {
 public:
  [[nodiscard]] Result<Bytes> Read(const std::string& path, size_t limit_bytes) override;
  [[nodiscard]] Result<void> Create(const std::string& path) override;
  [[nodiscard]] Result<void> WriteAt(const std::string& path, uint64_t offset,
                                     std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> SyncFile(const std::string& path) override;
  [[nodiscard]] Result<void> SyncFolder(const std::string& folder) override;
  [[nodiscard]] Result<void> Rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<void> Remove(const std::string& path) override;
  [[nodiscard]] Result<bool> MakeFolder(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> List(const std::string& folder) override;
  [[nodiscard]] bool Exists(const std::string& path) override;
};

/// "a/b" of "a/b/c"; "." of a plain name.
[[nodiscard]] std::string FolderOf(const std::string& path);

/// Replaces a file so that a power cut at any moment leaves the old or the new one: temporary name,
/// fsync, rename, fsync of the folder.
[[nodiscard]] Result<void> ReplaceDurably(Disk& disk, const std::string& path,
                                          std::span<const std::byte> bytes);
/// Makes the folder and those above it; those that were made survive a power cut.
[[nodiscard]] Result<void> MakeFoldersDurably(Disk& disk, const std::string& folder);
/// Removes a folder with all that is in it; a missing one is no error. Not atomic: a cut leaves a
/// part of it.
[[nodiscard]] Result<void> RemoveTree(Disk& disk, const std::string& path);

}  // namespace millwright::os
