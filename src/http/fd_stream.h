// cpp-httplib's Stream over a socket, with a deadline for the whole request and one for the whole
// answer: a client that sends or takes a byte at a time cannot hold a worker.
#pragma once

#include <httplib.h>

#include <array>
#include <string>

#include "core/time.h"

namespace millwright::http {

class FdStream : public httplib::Stream {
 public:
  FdStream(int fd, Nanos budget) : fd_(fd), budget_(budget) {}

  /// A fresh budget for the next request on this socket.
  void BeginRequest();
  /// Bytes of a further request have been read already.
  [[nodiscard]] bool has_buffered() const { return begin_ < end_; }
  /// From now on what the library writes is thrown away: the socket is going to be a stream.
  void DiscardWrites() { discard_ = true; }

  [[nodiscard]] bool is_readable() const override;
  [[nodiscard]] bool is_writable() const override;
  ssize_t read(char* into, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  [[nodiscard]] socket_t socket() const override { return fd_; }

 private:
  // Waits for `events` until the deadline; false on time-out or error.
  [[nodiscard]] bool Wait(short events, Nanos deadline) const;

  int fd_;
  Nanos budget_;
  Nanos read_deadline_ = 0;
  Nanos write_deadline_ = 0;  // set by the first write
  bool discard_ = false;
  std::array<char, 8192> buffer_{};
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace millwright::http
