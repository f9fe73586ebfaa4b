// One TLS connection and the plain socket that the server sees of it. The TLS thread owns it.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>

#include "core/time.h"

namespace millwright::http {

/// Bytes on their way; read in whole, written in pieces.
struct Pipe {
  std::array<char, 16'384> bytes{};  // a TLS record's worth
  size_t begin = 0, end = 0;
  [[nodiscard]] bool empty() const { return begin == end; }
};

class TlsSession {
 public:
  /// Takes both sockets over, which must not block.
  TlsSession(SSL_CTX* context, int outer, int inner, Nanos now);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Moves what can be moved; false when the connection is over.
  [[nodiscard]] bool Pump(Nanos now);
  /// What epoll should wait for on each side now.
  [[nodiscard]] uint32_t OuterEvents() const;
  [[nodiscard]] uint32_t InnerEvents() const;
  /// It was to have come further by now: a handshake, or the last bytes, take too long.
  [[nodiscard]] bool Overdue(Nanos now) const { return deadline_ != 0 && now > deadline_; }
  [[nodiscard]] int outer() const { return outer_; }
  [[nodiscard]] int inner() const { return inner_; }

  uint32_t watched_outer = 0, watched_inner = 0;  // as epoll knows them

 private:
  [[nodiscard]] bool In(bool& moved);
  [[nodiscard]] bool Out(bool& moved, Nanos now);
  [[nodiscard]] bool Waits(int code);

  SSL* ssl_;
  const int outer_, inner_;
  Pipe in_, out_;
  bool shaken_ = false;
  bool outer_ended_ = false, inner_ended_ = false;
  bool wants_write_ = false;  // TLS waits until the outer socket takes more
  bool busy_ = false;         // there was more to move than one turn allows
  Nanos deadline_;
};

}  // namespace millwright::http
