#include "os/files.h"

#include <filesystem>

#include "os/disk.h"

namespace millwright::os {
namespace {

RealDisk disk;  // has no state

}  // namespace

Result<Bytes> RealFiles::Read(const std::string& path, size_t limit_bytes) {
  return disk.Read(path, limit_bytes);
}

Result<void> RealFiles::WriteDurably(const std::string& path, std::span<const std::byte> bytes) {
  return ReplaceDurably(disk, path, bytes);
}

Result<void> RealFiles::WriteFast(const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".tmp";
  MW_TRY(disk.Create(temporary));
  MW_TRY(disk.WriteAt(temporary, 0, bytes));
  return disk.Rename(temporary, path);
}

Result<std::vector<std::string>> RealFiles::List(const std::string& folder) {
  return disk.List(folder);
}

Result<void> RealFiles::MakeFolders(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Fail(Errc::kIo, "files: cannot make " + folder + ": " + error.message());
  return {};
}

Result<void> RealFiles::Remove(const std::string& path) { return disk.Remove(path); }

bool RealFiles::Exists(const std::string& path) { return disk.Exists(path); }

}  // namespace millwright::os
