#include "os/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

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
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string FolderOf(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<void> WriteAll(int fd, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailErrno("write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> SyncFolder(const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return FailErrno("open", folder);
  if (::fsync(fd.get()) != 0) return FailErrno("sync", folder);
  return {};
}

Result<void> Replace(const std::string& path, std::span<const std::byte> bytes, bool durable) {
  const std::string temporary = path + ".tmp";
  {
    const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (fd.get() < 0) return FailErrno("create", temporary);
    MW_TRY(WriteAll(fd.get(), temporary, bytes));
    if (durable && ::fsync(fd.get()) != 0) return FailErrno("sync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return FailErrno("rename", temporary);
  // fsync the folder too: after a power cut a renamed file may otherwise still have its old name.
  return durable ? SyncFolder(FolderOf(path)) : Result<void>{};
}

}  // namespace

Result<Bytes> RealFiles::Read(const std::string& path, size_t limit_bytes) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return FailErrno("open", path);
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

Result<void> RealFiles::WriteDurably(const std::string& path, std::span<const std::byte> bytes) {
  return Replace(path, bytes, true);
}

Result<void> RealFiles::WriteFast(const std::string& path, std::span<const std::byte> bytes) {
  return Replace(path, bytes, false);
}

Result<std::vector<std::string>> RealFiles::List(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error))
    names.push_back(it->path().filename().string());
  if (error)
    return Fail(CodeOf(error.value()), "files: cannot list " + folder + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> RealFiles::MakeFolders(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return Fail(CodeOf(error.value()), "files: cannot make " + folder + ": " + error.message());
  return {};
}

Result<void> RealFiles::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return FailErrno("remove", path);
  return {};
}

bool RealFiles::Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace millwright::os
