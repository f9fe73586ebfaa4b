#include "http/tls_front.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "http/tls_session.h"
#include "os/process.h"

namespace millwright::http {
namespace {

constexpr int kTickMs = 500;

Nanos Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeContext>;

Result<ContextPtr> MakeContext(const TlsFiles& files) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return Fail(Errc::kInternal, "http: OpenSSL gives no TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  const bool certificate =
      SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) == 1;
  const bool key = certificate && SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(),
                                                              SSL_FILETYPE_PEM) == 1;
  ERR_clear_error();
  if (!certificate) return Fail(Errc::kInvalid, "http: " + files.certificate + ": no certificate");
  if (!key) return Fail(Errc::kInvalid, "http: " + files.key + ": not the certificate's key");
  return context;
}

}  // namespace

class TlsFront::Impl {
 public:
  explicit Impl(TlsFiles files) : files_(std::move(files)) {}
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] Result<void> Start();
  void Stop();
  [[nodiscard]] int Wrap(int fd);

 private:
  struct Pair {
    int outer, inner;
  };
  void Loop(const std::stop_token& stop);
  void TakeNew();
  void Turn(TlsSession& session);
  void Watch(int fd, uint32_t& known, uint32_t wanted) const;
  void Drop(TlsSession& session);
  void DropOverdue();

  const TlsFiles files_;
  ContextPtr context_;
  int epoll_ = -1, wake_ = -1;
  std::unordered_map<int, std::shared_ptr<TlsSession>> by_fd_;  // the loop's; both ends lead to it
  Mutex mutex_;
  std::vector<Pair> new_ MW_GUARDED_BY(mutex_);
  bool stopped_ MW_GUARDED_BY(mutex_) = true;
  std::jthread thread_;
};

Result<void> TlsFront::Impl::Start() {
  MW_TRY(context_, MakeContext(files_));
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0) return Fail(Errc::kIo, "http: cannot make an event loop");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  {
    const MutexLock lock(mutex_);
    stopped_ = false;
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
  return {};
}

void TlsFront::Impl::Stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    eventfd_write(wake_, 1);
    thread_.join();
  }
  for (int* fd : {&epoll_, &wake_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

int TlsFront::Impl::Wrap(int fd) {
  std::array<int, 2> ends{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0 ||
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
    ::close(fd);
    for (const int end : ends)
      if (end >= 0) ::close(end);
    return -1;
  }
  const MutexLock lock(mutex_);
  if (stopped_) {
    ::close(fd);
    ::close(ends[0]);
    return ends[1];  // reads its end at once
  }
  new_.push_back({.outer = fd, .inner = ends[0]});
  eventfd_write(wake_, 1);
  return ends[1];
}

void TlsFront::Impl::Loop(const std::stop_token& stop) {
  os::NameThread("http-tls");
  // OpenSSL writes without MSG_NOSIGNAL: a peer that went away is an error here, no signal.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::array<epoll_event, 128> events{};
  Nanos next_sweep = 0;
  while (!stop.stop_requested()) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTickMs);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      const auto found = by_fd_.find(event.data.fd);
      if (found == by_fd_.end()) continue;  // the wake-up, or dropped in this round
      const std::shared_ptr<TlsSession> session = found->second;
      const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
      if (broken && event.data.fd == session->outer())
        Drop(*session);
      else
        Turn(*session);
    }
    TakeNew();
    if (Now() < next_sweep) continue;
    DropOverdue();
    next_sweep = Now() + kTickMs * kMillisecond;
  }
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  TakeNew();
  by_fd_.clear();
}

void TlsFront::Impl::TakeNew() {
  eventfd_t ignored = 0;
  eventfd_read(wake_, &ignored);
  std::vector<Pair> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(new_);
  }
  for (const Pair& pair : taken) {
    const auto session =
        std::make_shared<TlsSession>(context_.get(), pair.outer, pair.inner, Now());
    by_fd_[pair.outer] = by_fd_[pair.inner] = session;
    Turn(*session);
  }
}

void TlsFront::Impl::Turn(TlsSession& session) {
  if (!session.Pump(Now())) return Drop(session);
  Watch(session.outer(), session.watched_outer, session.OuterEvents());
  Watch(session.inner(), session.watched_inner, session.InnerEvents());
}

// A side that nothing is expected of is not watched at all: its hang-up would wake us for ever.
void TlsFront::Impl::Watch(int fd, uint32_t& known, uint32_t wanted) const {
  if (known == wanted) return;
  epoll_event event{};
  event.events = wanted;
  event.data.fd = fd;
  const int operation = known == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  epoll_ctl(epoll_, operation, fd, &event);
  known = wanted;
}

void TlsFront::Impl::Drop(TlsSession& session) {
  const int inner = session.inner();  // `session` may end with the first of the two
  by_fd_.erase(session.outer());
  by_fd_.erase(inner);
}

void TlsFront::Impl::DropOverdue() {
  std::vector<std::shared_ptr<TlsSession>> overdue;
  for (const auto& [fd, session] : by_fd_)
    if (fd == session->outer() && session->Overdue(Now())) overdue.push_back(session);
  for (const auto& session : overdue) Drop(*session);
}

TlsFront::TlsFront(TlsFiles files) : impl_(std::make_unique<Impl>(std::move(files))) {}
TlsFront::~TlsFront() = default;
Result<void> TlsFront::Start() { return impl_->Start(); }
void TlsFront::Stop() { impl_->Stop(); }
int TlsFront::Wrap(int fd) { return impl_->Wrap(fd); }

}  // namespace millwright::http
