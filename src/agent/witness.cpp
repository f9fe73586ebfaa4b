#include "agent/witness.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/log.h"

namespace millwright::agent {
namespace {

constexpr size_t kWaitingBytesMax = size_t{4} << 20;
constexpr Nanos kRetry = kSecond;

}  // namespace

Witness::~Witness() { Close(); }

void Witness::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  sent_ = 0;
}

void Witness::Tell(uint64_t epoch, Lane lane, uint64_t sequence, std::string_view kind) {
  if (path_.empty() || waiting_.size() > kWaitingBytesMax) return;
  waiting_ += device_.value() + " " + std::to_string(epoch) + " " +
              std::to_string(static_cast<int>(lane)) + " " + std::to_string(sequence) + " " +
              std::string(kind) + "\n";
}

void Witness::Connect(Nanos now) {
  if (now < try_at_) return;
  try_at_ = now + kRetry;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) {
    log::Warning("agent", "the witness's socket path is too long", {{"path", path_}});
    path_.clear();
    return;
  }
  std::memcpy(address.sun_path, path_.data(), path_.size());
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return;
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd_, raw, sizeof address) != 0) Close();
}

void Witness::Flush(Nanos now) {
  if (path_.empty() || waiting_.empty()) return;
  if (fd_ < 0) Connect(now);
  while (fd_ >= 0 && sent_ < waiting_.size()) {
    const ssize_t sent =
        ::send(fd_, waiting_.data() + sent_, waiting_.size() - sent_, MSG_NOSIGNAL);
    if (sent > 0) {
      sent_ += static_cast<size_t>(sent);
    } else if (errno != EAGAIN && errno != EINTR) {
      Close();
    } else {
      break;
    }
  }
  // A line that was sent in part only is sent whole again on the next connection.
  const size_t whole = waiting_.rfind('\n', sent_ == 0 ? 0 : sent_ - 1);
  if (sent_ == 0 || whole == std::string::npos) return;
  waiting_.erase(0, whole + 1);
  sent_ -= whole + 1;
}

}  // namespace millwright::agent
