#include "greengrass/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace millwright::greengrass {
namespace {

std::string Reason() { return std::generic_category().message(errno); }

class UnixChannel : public Channel {
 public:
  explicit UnixChannel(int fd) : fd_(fd) {}
  ~UnixChannel() override { ::close(fd_); }
  UnixChannel(const UnixChannel&) = delete;
  UnixChannel& operator=(const UnixChannel&) = delete;

  [[nodiscard]] Result<size_t> Read(std::span<std::byte> into) override {
    const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0) return Fail(Errc::kUnavailable, "greengrass: the nucleus closed the socket");
    return Nothing();
  }
  [[nodiscard]] Result<size_t> Write(std::span<const std::byte> bytes) override {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return static_cast<size_t>(count);
    return Nothing();
  }
  void Wait(Nanos wait_max, bool to_write) override {
    pollfd waiting{fd_, static_cast<int16_t>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
    (void)::poll(&waiting, 1, static_cast<int>(wait_max / kMillisecond));
  }

 private:
  static Result<size_t> Nothing() {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return size_t{0};
    return Fail(Errc::kUnavailable, "greengrass: " + Reason());
  }
  const int fd_;
};

}  // namespace

Result<std::unique_ptr<Channel>> OpenUnixChannel(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return Fail(Errc::kInvalid, "greengrass: " + path + ": no path of a socket");
  std::ranges::copy(path, address.sun_path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(Errc::kIo, "greengrass: " + Reason());
  auto channel = std::make_unique<UnixChannel>(fd);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Fail(Errc::kUnavailable, "greengrass: " + path + ": " + Reason());
  return channel;
}

}  // namespace millwright::greengrass
