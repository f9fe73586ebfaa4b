#include "os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "os/clock.h"

namespace millwright::os {
namespace {

constexpr Nanos kPause = 50 * kMillisecond;

auto FailWith(int code, const std::string& path) {
  return Fail(Errc::kIo, "files: " + path + ": " + std::generic_category().message(code));
}

}  // namespace

Result<FileLock> FileLock::Take(const std::string& path, Nanos wait) {
  // Read only: a lock needs no more, and the file may belong to another user.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FailWith(errno, path);
  FileLock lock(fd);
  RealClock clock;
  const Nanos until = clock.Monotonic() + wait;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return FailWith(errno, path);
    if (clock.Monotonic() >= until)
      return Fail(Errc::kConflict, "files: " + path + ": another program is changing this folder");
    clock.SleepFor(kPause);
  }
  return lock;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace millwright::os
