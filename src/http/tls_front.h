// TLS in front of the server: a thread that speaks TLS 1.3 to the outside and hands the server a
// plain socket for each connection. The server, its workers and event streams know nothing of it.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"

namespace millwright::http {

struct TlsFiles {
  std::string certificate;  // PEM, the server's own first; empty: no TLS
  std::string key;          // PEM
};

class TlsFront {
 public:
  explicit TlsFront(TlsFiles files);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  /// Reads the files and begins. kInvalid names the file that is wrong.
  [[nodiscard]] Result<void> Start();
  /// Closes what it owns and ends the thread.
  void Stop();
  /// Any thread. Takes an accepted socket over; gives the plain end of it, which ends when either
  /// side does. -1 where the system has no more sockets: `fd` is closed then.
  [[nodiscard]] int Wrap(int fd);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millwright::http
