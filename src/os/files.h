// The file seam: whole-file reads and power-safe replacement, on the real disk or in a fake one
// that loses what was not synced. SQLite databases are reached through SQLite itself (its VFS is
// their seam).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "os/disk.h"

namespace millwright::os {

[[nodiscard]] inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline std::span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

class Files {
 public:
  virtual ~Files() = default;
  /// The whole file; kNotFound, kExhausted beyond `limit_bytes`, else kIo.
  [[nodiscard]] virtual Result<Bytes> Read(const std::string& path,
                                           size_t limit_bytes = size_t{256} << 20) = 0;
  /// Replaces the file power-safely: temporary name, fsync, rename, fsync of the folder.
  [[nodiscard]] virtual Result<void> WriteDurably(const std::string& path,
                                                  std::span<const std::byte> bytes) = 0;
  /// Replaces the file atomically but without any fsync: survives a crash of the process, not a
  /// power cut.
  [[nodiscard]] virtual Result<void> WriteFast(const std::string& path,
                                               std::span<const std::byte> bytes) = 0;
  /// Names in the folder, sorted, without "." and "..".
  [[nodiscard]] virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  [[nodiscard]] virtual Result<void> MakeFolders(const std::string& folder) = 0;
  /// Removes a file; a missing one is no error.
  [[nodiscard]] virtual Result<void> Remove(const std::string& path) = 0;
  [[nodiscard]] virtual bool Exists(const std::string& path) = 0;
};

/// Files on a Disk, which it borrows.
class DiskFiles : public Files {
 public:
  explicit DiskFiles(Disk& disk) : disk_(disk) {}
  [[nodiscard]] Result<Bytes> Read(const std::string& path, size_t limit_bytes) override;
  [[nodiscard]] Result<void> WriteDurably(const std::string& path,
                                          std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> WriteFast(const std::string& path,
                                       std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<std::vector<std::string>> List(const std::string& folder) override;
  [[nodiscard]] Result<void> MakeFolders(const std::string& folder) override;
  [[nodiscard]] Result<void> Remove(const std::string& path) override;
  [[nodiscard]] bool Exists(const std::string& path) override;

 private:
  Disk& disk_;
};

/// Files on the real disk.
class RealFiles : public DiskFiles {
 public:
  RealFiles();
};

/// WriteDurably, for the owner's eyes only (mode 0600). Changes the process's umask for a moment:
/// use it where no other thread makes files, or where it does not matter.
[[nodiscard]] Result<void> WriteSecret(Files& files, const std::string& path,
                                       std::span<const std::byte> bytes);

/// In memory. PowerCut() forgets every WriteFast since the file's last durable write. `FailNext`
/// makes the next writes return kIo or kExhausted. Thread-safe.
class FakeFiles : public Files {
 public:
  [[nodiscard]] Result<Bytes> Read(const std::string& path, size_t limit_bytes) override;
  [[nodiscard]] Result<void> WriteDurably(const std::string& path,
                                          std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> WriteFast(const std::string& path,
                                       std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<std::vector<std::string>> List(const std::string& folder) override;
  [[nodiscard]] Result<void> MakeFolders(const std::string& folder) override;
  [[nodiscard]] Result<void> Remove(const std::string& path) override;
  [[nodiscard]] bool Exists(const std::string& path) override;

  void PowerCut();
  void FailNext(int writes, Errc code);

 private:
  [[nodiscard]] Result<void> TakeFault() MW_REQUIRES(mutex_);

  Mutex mutex_;
  std::map<std::string, Bytes> live_ MW_GUARDED_BY(mutex_);
  std::map<std::string, Bytes> durable_ MW_GUARDED_BY(mutex_);
  int faults_ MW_GUARDED_BY(mutex_) = 0;
  Errc fault_code_ MW_GUARDED_BY(mutex_) = Errc::kIo;
};

}  // namespace millwright::os
