#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <thread>

#include "core/log.h"
#include "http/fd_stream.h"
#include "http/finish.h"
#include "os/process.h"

namespace millwright::http {
namespace {

constexpr int kBacklog = 1024;
constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: "
    "close\r\n\r\n";

// The exchange this worker is busy with; cpp-httplib's callbacks do not carry one.
struct Current {
  FdStream* stream = nullptr;
  bool becomes_stream = false;
  std::string head, last_event_id;
};
thread_local Current current;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

Request FromLibrary(const httplib::Request& request) {
  Request out;
  out.method = request.method;
  out.path = request.path;
  out.body = request.body;
  for (const auto& [key, value] : request.params) out.query.emplace_back(key, value);
  for (const auto& [key, value] : request.headers) out.headers.emplace_back(Lower(key), value);
  return out;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// The name in a Host header: without port, without brackets.
std::string_view HostName(std::string_view header) {
  if (header.starts_with('[')) return header.substr(1, header.find(']') - 1);
  return header.substr(0, header.rfind(':'));
}

bool MayAsk(const ServerOptions& options, std::string_view header) {
  const std::string_view name = HostName(header);
  if (std::find(options.hosts.begin(), options.hosts.end(), name) != options.hosts.end())
    return true;
  if (!IsLoopback(options.host)) return options.hosts.empty();
  return name.empty() || IsLoopback(name);  // a client without Host is no browser
}

// Runs on the accepting thread: a fresh socket is only parked, which never waits.
class InlineQueue : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

}  // namespace

class Server::Impl : private httplib::Server {
 public:
  Impl(ServerOptions options, const Router& router, std::function<void(const Exchange&)> observe)
      : options_(std::move(options)),
        router_(router),
        observe_(std::move(observe)),
        tls_(options_.tls),
        connections_(
            options_.connections,
            static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())) {}
  ~Impl() override { Stop(); }

  [[nodiscard]] Result<void> Start();
  void Stop();
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] Connections& connections() { return connections_; }

 private:
  // From httplib::Server: called by InlineQueue for each accepted socket.
  bool process_and_close_socket(socket_t fd) override;

  void Configure();
  void Answer(const httplib::Request& from, httplib::Response& to);
  [[nodiscard]] Response Handle(Request& request, std::string_view& route);
  void Work(const std::stop_token& stop);
  void Serve(int fd);
  void Enqueue(int fd);

  const ServerOptions options_;
  const Router& router_;
  const std::function<void(const Exchange&)> observe_;
  int port_ = 0;
  bool started_ = false;
  TlsFront tls_;
  Connections connections_;
  Mutex mutex_;
  CondVar ready_;
  std::deque<int> waiting_
      MW_GUARDED_BY(mutex_);  // readable sockets; never more than there are connections
  std::vector<std::jthread> workers_;
  std::jthread acceptor_;
};

Result<void> Server::Impl::Start() {
  Configure();
  port_ = options_.port != 0 ? options_.port : bind_to_any_port(options_.host);
  const bool bound = options_.port != 0 ? bind_to_port(options_.host, options_.port) : port_ > 0;
  if (!bound)
    return Fail(Errc::kUnavailable,
                "http: cannot listen on " + options_.host + ":" + std::to_string(options_.port));
  // The library listens with a backlog of 5: a burst of browsers would then wait for SYN retries,
  // seconds each.
  ::listen(svr_sock_, kBacklog);
  if (!options_.tls.certificate.empty()) {
    MW_TRY(tls_.Start());
  }
  MW_TRY(connections_.Start([this](int fd) { Enqueue(fd); }));
  for (int i = 0; i < options_.workers; ++i)
    workers_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  acceptor_ = std::jthread([this] {
    os::NameThread("http-accept");
    if (!listen_after_bind()) log::Warning("http", "stopped accepting connections");
  });
  while (!is_running())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // stop() needs it
  started_ = true;
  return {};
}

void Server::Impl::Configure() {
  new_task_queue = [] { return new InlineQueue; };  // the library takes it over
  set_payload_max_length(options_.body_bytes_max);
  set_socket_options([](socket_t fd) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  const auto answer = [this](const httplib::Request& from, httplib::Response& to) {
    Answer(from, to);
  };
  // Methods with a body come here after the library has read it; all others before any routing.
  Post(".*", answer);
  Put(".*", answer);
  Patch(".*", answer);
  Delete(".*", answer);
  set_pre_routing_handler([answer](const httplib::Request& from, httplib::Response& to) {
    const bool has_body = from.method == "POST" || from.method == "PUT" || from.method == "PATCH" ||
                          from.method == "DELETE";
    if (has_body) return HandlerResponse::Unhandled;
    answer(from, to);
    return HandlerResponse::Handled;
  });
  // What the library refuses by itself (a bad request line, a body too large) gets a problem body
  // as well.
  set_error_handler([](const httplib::Request& from, httplib::Response& to) {
    // What a route answered stands; only ToLibrary sets this. Its body is not in `to.body`.
    if (to.has_header("Cache-Control")) return;
    Response problem = Problem(to.status, "refused", ReasonPhrase(to.status));
    ToLibrary(Request{}, std::move(problem), to);
    static_cast<void>(from);
  });
}

void Server::Impl::Stop() {
  if (!started_) return;
  started_ = false;
  stop();
  acceptor_.join();
  for (std::jthread& worker : workers_) worker.request_stop();
  ready_.notify_all();
  workers_.clear();
  connections_.Stop();
  tls_.Stop();
  const MutexLock lock(mutex_);
  for (const int fd : waiting_) connections_.Close(fd);
  waiting_.clear();
}

bool Server::Impl::process_and_close_socket(socket_t fd) {
  if (!connections_.Admit()) {
    [[maybe_unused]] const ssize_t sent =
        send(fd, kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(fd);
    return false;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int plain = options_.tls.certificate.empty() ? fd : tls_.Wrap(fd);
  if (plain < 0) {
    connections_.Leave();
    return false;
  }
  connections_.Park(plain);
  return true;
}

void Server::Impl::Enqueue(int fd) {
  {
    const MutexLock lock(mutex_);
    waiting_.push_back(fd);
  }
  ready_.notify_one();
}

void Server::Impl::Work(const std::stop_token& stop) {
  os::NameThread("http-worker");
  while (true) {
    int fd = -1;
    {
      const MutexLock lock(mutex_);
      ready_.wait(mutex_, stop, [this]() MW_REQUIRES(mutex_) { return !waiting_.empty(); });
      if (stop.stop_requested()) return;
      fd = waiting_.front();
      waiting_.pop_front();
    }
    Serve(fd);
  }
}

void Server::Impl::Serve(int fd) {
  FdStream stream(fd, options_.request_max);
  while (true) {
    stream.BeginRequest();
    current = Current{.stream = &stream, .head = {}, .last_event_id = {}};
    bool closed = false;
    const bool good = process_request(stream, false, closed, [](httplib::Request& request) {
      request.ranges.clear();  // everything here is small: ranges only cost
    });
    if (current.becomes_stream) {
      connections_.OpenStream(fd, std::move(current.head), std::move(current.last_event_id));
      return;
    }
    if (!good || closed) {
      connections_.Close(fd);
      return;
    }
    if (!stream.has_buffered()) break;
  }
  connections_.Park(fd);
}

Response Server::Impl::Handle(Request& request, std::string_view& route) {
  if (!MayAsk(options_, request.Header("host")))
    return Problem(421, "wrong_host",
                   "this hub does not answer to that name; http.hosts lists those it does");
  try {
    Router::Answer answer = router_.Handle(request);
    route = answer.route;
    return std::move(answer.response);
  } catch (
      const std::exception& error) {  // only the standard library can throw here: out of memory
    log::Failure("http", {Errc::kInternal, error.what()}, {{"path", request.path}});
    return Problem(500, "internal", "the server failed; its log says why");
  }
}

void Server::Impl::Answer(const httplib::Request& from, httplib::Response& to) {
  const auto begin = std::chrono::steady_clock::now();
  Request request = FromLibrary(from);
  std::string_view route = "none";
  Response response = Handle(request, route);
  if (response.stream) {
    if (connections_.ReserveStream()) {
      current.becomes_stream = true;
      current.head = StreamHead(response);
      current.last_event_id = request.Header("last-event-id");
      current.stream->DiscardWrites();
    } else {
      response =
          Problem(503, "too_many_streams", "this hub has no place for a further event stream");
    }
  }
  const int status = ToLibrary(request, std::move(response), to);
  const Nanos took =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin)
          .count();
  if (observe_) observe_({.method = from.method, .route = route, .status = status, .took = took});
}

Server::Server(ServerOptions options, const Router& router,
               std::function<void(const Exchange&)> observe)
    : impl_(std::make_unique<Impl>(std::move(options), router, std::move(observe))) {}
Server::~Server() = default;
Result<void> Server::Start() { return impl_->Start(); }
void Server::Stop() { impl_->Stop(); }
int Server::port() const { return impl_->port(); }
void Server::Send(std::string_view name, std::string_view json, bool replayable) {
  impl_->connections().Send(name, json, replayable);
}
ConnectionCounts Server::counts() const { return impl_->connections().counts(); }

}  // namespace millwright::http
