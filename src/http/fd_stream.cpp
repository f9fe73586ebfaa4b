#include "http/fd_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "http/steady_now.h"

namespace millwright::http {

void FdStream::BeginRequest() {
  read_deadline_ = SteadyNow() + budget_;
  write_deadline_ = 0;
}

bool FdStream::Wait(short events, Nanos deadline) const {
  while (true) {
    const Nanos left = deadline - SteadyNow();
    if (left <= 0) return false;
    pollfd entry{fd_, events, 0};
    const int code = poll(&entry, 1, static_cast<int>(left / kMillisecond + 1));
    if (code > 0) return true;
    if (code < 0 && errno != EINTR) return false;
  }
}

bool FdStream::is_readable() const { return has_buffered() || Wait(POLLIN, read_deadline_); }
bool FdStream::is_writable() const {
  return discard_ || Wait(POLLOUT, write_deadline_ == 0 ? SteadyNow() + budget_ : write_deadline_);
}

ssize_t FdStream::read(char* into, size_t size) {
  while (!has_buffered()) {
    if (!Wait(POLLIN, read_deadline_)) return -1;
    const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    if (got <= 0) return got;
    begin_ = 0;
    end_ = static_cast<size_t>(got);
  }
  const size_t count = std::min(size, end_ - begin_);
  std::memcpy(into, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t FdStream::write(const char* from, size_t size) {
  if (discard_) return static_cast<ssize_t>(size);
  if (write_deadline_ == 0) write_deadline_ = SteadyNow() + budget_;
  while (true) {
    const ssize_t sent = send(fd_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!Wait(POLLOUT, write_deadline_)) return -1;
  }
}

// Nobody reads these; addresses are not part of what a handler may decide by.
void FdStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}
void FdStream::get_local_ip_and_port(std::string& ip, int& port) const {
  get_remote_ip_and_port(ip, port);
}

}  // namespace millwright::http
