#include "os/files.h"

#include <sys/stat.h>

namespace millwright::os {

Result<Bytes> DiskFiles::Read(const std::string& path, size_t limit_bytes) {
  return disk_.Read(path, limit_bytes);
}

Result<void> DiskFiles::WriteDurably(const std::string& path, std::span<const std::byte> bytes) {
  return ReplaceDurably(disk_, path, bytes);
}

Result<void> DiskFiles::WriteFast(const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".tmp";
  MW_TRY(disk_.Create(temporary));
  MW_TRY(disk_.WriteAt(temporary, 0, bytes));
  return disk_.Rename(temporary, path);
}

Result<std::vector<std::string>> DiskFiles::List(const std::string& folder) {
  return disk_.List(folder);
}

Result<void> DiskFiles::MakeFolders(const std::string& folder) {
  return MakeFoldersDurably(disk_, folder);
}

Result<void> DiskFiles::Remove(const std::string& path) { return disk_.Remove(path); }

bool DiskFiles::Exists(const std::string& path) { return disk_.Exists(path); }

namespace {

Disk& TheRealDisk() {
  static RealDisk disk;  // has no state
  return disk;
}

}  // namespace

RealFiles::RealFiles() : DiskFiles(TheRealDisk()) {}

Result<void> WriteSecret(Files& files, const std::string& path, std::span<const std::byte> bytes) {
  const mode_t before = ::umask(0077);
  auto written = files.WriteDurably(path, bytes);
  ::umask(before);
  return written;
}

}  // namespace millwright::os
