#include "http/tls_session.h"

#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace millwright::http {
namespace {

constexpr Nanos kHandshakeMax = 10 * kSecond;
constexpr Nanos kLastBytesMax = 10 * kSecond;
constexpr int kRoundsMax = 16;  // a quarter of a megabyte, then it is another one's turn

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

TlsSession::TlsSession(SSL_CTX* context, int outer, int inner, Nanos now)
    : ssl_(SSL_new(context)), outer_(outer), inner_(inner), deadline_(now + kHandshakeMax) {
  if (ssl_ == nullptr) return;
  SSL_set_fd(ssl_, outer_);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
  ::close(outer_);
  ::close(inner_);
}

// After a TLS call that gave `code`: true where it only has to wait.
bool TlsSession::Waits(int code) {
  const int error = SSL_get_error(ssl_, code);
  ERR_clear_error();
  wants_write_ = wants_write_ || error == SSL_ERROR_WANT_WRITE;
  return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
}

// Outside to server.
bool TlsSession::In(bool& moved) {
  if (in_.empty() && !outer_ended_) {
    const int got = SSL_read(ssl_, in_.bytes.data(), static_cast<int>(in_.bytes.size()));
    if (got > 0) {
      in_.begin = 0;
      in_.end = static_cast<size_t>(got);
    } else if (!Waits(got)) {
      outer_ended_ = true;
    }
  }
  if (in_.empty()) return !outer_ended_;
  const ssize_t sent = ::send(inner_, in_.bytes.data() + in_.begin, in_.end - in_.begin,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return WouldBlock();
  in_.begin += static_cast<size_t>(sent);
  moved = moved || sent > 0;
  return true;
}

// Server to outside.
bool TlsSession::Out(bool& moved, Nanos now) {
  if (out_.empty() && !inner_ended_) {
    const ssize_t got = ::recv(inner_, out_.bytes.data(), out_.bytes.size(), MSG_DONTWAIT);
    if (got > 0) {
      out_.begin = 0;
      out_.end = static_cast<size_t>(got);
    } else if (got == 0 || !WouldBlock()) {
      inner_ended_ = true;
      deadline_ = now + kLastBytesMax;
    }
  }
  if (out_.empty()) {
    if (inner_ended_) SSL_shutdown(ssl_);
    ERR_clear_error();
    return !inner_ended_;
  }
  const int sent =
      SSL_write(ssl_, out_.bytes.data() + out_.begin, static_cast<int>(out_.end - out_.begin));
  if (sent <= 0) return Waits(sent);
  out_.begin += static_cast<size_t>(sent);
  moved = true;
  return true;
}

bool TlsSession::Pump(Nanos now) {
  if (ssl_ == nullptr) return false;
  wants_write_ = busy_ = false;
  if (!shaken_) {
    const int code = SSL_do_handshake(ssl_);
    if (code != 1) return Waits(code);
    shaken_ = true;
    deadline_ = 0;
  }
  for (int round = 0; round < kRoundsMax; ++round) {
    bool moved = false;
    if (!In(moved) || !Out(moved, now)) return false;
    if (!moved) return true;
  }
  busy_ = true;  // others first; what OpenSSL has decrypted already would not wake us again
  return true;
}

uint32_t TlsSession::OuterEvents() const {
  uint32_t events = in_.empty() && !outer_ended_ ? uint32_t{EPOLLIN} : 0U;
  if (wants_write_ || busy_) events |= EPOLLOUT;
  return events;
}

uint32_t TlsSession::InnerEvents() const {
  uint32_t events = shaken_ && out_.empty() && !inner_ended_ ? uint32_t{EPOLLIN} : 0U;
  if (!in_.empty()) events |= EPOLLOUT;
  return events;
}

}  // namespace millwright::http
