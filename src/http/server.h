// An HTTP/1.1 server. cpp-httplib parses and formats; our own loop owns waiting sockets and event
// streams, and a small pool of workers answers. So idle browsers and open streams hold no thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "http/connections.h"
#include "http/router.h"
#include "http/tls_front.h"

namespace millwright::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  int workers = 8;
  size_t body_bytes_max = size_t{1} << 20;
  Nanos request_max = 10 * kSecond;  // to send a request, and again to take its answer
  ConnectionLimits connections{};
  /// Names by which clients may ask (their Host header, without port); empty: any name on a public
  /// address, the loopback names on a loopback one. So a web page that rebinds its name to
  /// 127.0.0.1 is refused (421).
  std::vector<std::string> hosts{};
  TlsFiles tls{};  // HTTPS, TLS 1.3 only, where a certificate is named
};

/// What was answered, for metrics. Called on worker threads.
struct Exchange {
  std::string_view method, route;
  int status;
  Nanos took;
};

class Server {
 public:
  /// Borrows `router`, which outlives the server and is complete by now.
  Server(ServerOptions options, const Router& router, std::function<void(const Exchange&)> observe);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and answers from now on. kUnavailable where the port is taken.
  [[nodiscard]] Result<void> Start();
  /// Finishes what is being answered, closes everything, ends the threads.
  void Stop();
  [[nodiscard]] int port() const;

  /// Sends an event to every stream client (Connections::Send).
  void Send(std::string_view name, std::string_view json, bool replayable);
  [[nodiscard]] ConnectionCounts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millwright::http
