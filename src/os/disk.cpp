#include "os/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace millwright::os {
namespace {

Errc CodeOf(int error) {
  if (error == ENOENT) return Errc::kNotFound;
  if (error == ENOSPC || error == EDQUOT) return Errc::kExhausted;
  return Errc::kIo;
}

auto FailErrno(const std::string& verb, const std::string& path) {
  const int error = errno;
  return Fail(CodeOf(error), "files: cannot " + verb + " " + path + ": " + std::strerror(error));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

Result<void> Sync(const std::string& path, int flags) {
  const Descriptor fd(path, flags);
  if (!fd.ok()) return FailErrno("open", path);
  if (::fsync(fd.get()) != 0) return FailErrno("sync", path);
  return {};
}

}  // namespace

Result<Bytes> RealDisk::Read(const std::string& path, size_t limit_bytes) {
  const Descriptor fd(path, O_RDONLY);
  if (!fd.ok()) return FailErrno("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return FailErrno("stat", path);
  if (S_ISDIR(info.st_mode)) return Fail(Errc::kInvalid, "files: " + path + " is a folder");
  Bytes bytes;
  const size_t step =
      std::max<size_t>(static_cast<size_t>(std::max<off_t>(info.st_size, 0)) + 1, 4096);
  for (;;) {
    const size_t have = bytes.size();
    if (have > limit_bytes)
      return Fail(Errc::kExhausted,
                  "files: " + path + " is larger than " + std::to_string(limit_bytes) + " bytes");
    bytes.resize(have + std::min(step, limit_bytes + 1 - have + 1));
    const ssize_t got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) {
      bytes.resize(have);
      continue;
    }
    if (got < 0) return FailErrno("read", path);
    bytes.resize(have + static_cast<size_t>(got));
    if (got == 0) return bytes;
  }
}

Result<void> RealDisk::Create(const std::string& path) {
  const Descriptor fd(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd.ok()) return FailErrno("create", path);
  return {};
}

Result<void> RealDisk::WriteAt(const std::string& path, uint64_t offset,
                               std::span<const std::byte> bytes) {
  const Descriptor fd(path, O_WRONLY);
  if (!fd.ok()) return FailErrno("open", path);
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailErrno("write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return {};
}

Result<void> RealDisk::SyncFile(const std::string& path) { return Sync(path, O_RDONLY); }

Result<void> RealDisk::SyncFolder(const std::string& folder) {
  return Sync(folder, O_RDONLY | O_DIRECTORY);
}

Result<void> RealDisk::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return FailErrno("rename", from);
  return {};
}

Result<void> RealDisk::Remove(const std::string& path) {
  if (std::remove(path.c_str()) != 0 && errno != ENOENT) return FailErrno("remove", path);
  return {};
}

Result<bool> RealDisk::MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0750) == 0) return true;
  struct stat info {};
  if (errno == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return false;
  return FailErrno("make", path);
}

Result<std::vector<std::string>> RealDisk::List(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(folder.c_str()), &::closedir);
  if (!stream) return FailErrno("list", folder);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return FailErrno("list", folder);
  std::ranges::sort(names);
  return names;
}

bool RealDisk::Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> ReplaceDurably(Disk& disk, const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".tmp";
  MW_TRY(disk.Create(temporary));
  MW_TRY(disk.WriteAt(temporary, 0, bytes));
  MW_TRY(disk.SyncFile(temporary));
  MW_TRY(disk.Rename(temporary, path));
  // The folder too: after a power cut a renamed file may otherwise still have its old name.
  return disk.SyncFolder(FolderOf(path));
}

Result<void> MakeFoldersDurably(Disk& disk, const std::string& folder) {
  if (folder.empty() || folder == "/" || folder == "." || disk.Exists(folder)) return {};
  const std::string above = FolderOf(folder);
  MW_TRY(MakeFoldersDurably(disk, above));
  MW_TRY(const bool made, disk.MakeFolder(folder));
  return made ? disk.SyncFolder(above) : Result<void>{};
}

Result<void> RemoveTree(Disk& disk, const std::string& path) {
  if (!disk.Exists(path)) return {};
  if (const auto names = disk.List(path)) {
    for (const std::string& name : *names) MW_TRY(RemoveTree(disk, path + "/" + name));
  }
  return disk.Remove(path);
}

}  // namespace millwright::os
