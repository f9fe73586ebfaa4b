#include "outbox/aside.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "os/files.h"

namespace millwright::outbox {
namespace {

namespace fs = std::filesystem;

std::string Marker(const std::string& path) { return path + ".replacing"; }

Result<void> SyncFolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return Fail(Errc::kIo, "outbox: cannot sync the folder of " + path + ": " + std::strerror(error));
}

std::string FreeName(const std::string& path, Nanos now) {
  std::string stamp = FormatUtc(now);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  std::string name = path + ".damaged-" + stamp;
  for (int i = 2; fs::exists(name) || fs::exists(name + "-wal"); ++i)
    name = path + ".damaged-" + stamp + "-" + std::to_string(i);
  return name;
}

}  // namespace

bool ReplacementPending(const std::string& path) { return fs::exists(Marker(path)); }

Result<void> BeginReplacement(const std::string& path) {
  os::RealFiles files;
  return files.WriteDurably(Marker(path), os::AsBytes("a damaged outbox is being replaced\n"));
}

Result<void> EndReplacement(const std::string& path) {
  os::RealFiles files;
  MW_TRY(files.Remove(Marker(path)));
  // Without this a power cut could bring the marker back beside a database that has accepted
  // records by then.
  return SyncFolderOf(path);
}

Result<std::string> MoveAside(const std::string& path, Nanos now) {
  std::string target = FreeName(path, now);
  std::error_code error;
  fs::remove(path + "-shm", error);
  error.clear();
  // The -wal first: were it left beside a new database, SQLite would take it for that one's.
  if (fs::exists(path + "-wal")) fs::rename(path + "-wal", target + "-wal", error);
  if (!error && fs::exists(path)) fs::rename(path, target, error);
  if (error) {
    return Fail(Errc::kIo, "outbox: cannot move " + path + " aside: " + error.message());
  }
  MW_TRY(SyncFolderOf(path));
  return target;
}

}  // namespace millwright::outbox
