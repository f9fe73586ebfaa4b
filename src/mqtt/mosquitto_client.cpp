// The real client: libmosquitto driven by our own poll loop, so that one thread owns the connection
// and decides when it reads (not reading is how back-pressure reaches the broker).
#include <mosquitto.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <random>
#include <string>

#include "mqtt/backoff.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::mqtt {
namespace {

constexpr Nanos kConnackWait = 10 * kSecond;       // a black-holed connection is given up then
constexpr Nanos kMiscPeriod = 250 * kMillisecond;  // how often keepalive is looked after
constexpr int kPacketsPerPoll = 64;  // bounds the time in one Poll, so that callers get their turn
constexpr int kPayloadBytesMax = 268'435'455;  // the protocol's own limit

class Library {
 public:
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

void UseLibrary() { static const Library library; }

std::string Reason(int rc) {
  return rc == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(rc);
}

class MosquittoClient : public Client {
 public:
  explicit MosquittoClient(Options options)
      : options_(std::move(options)),
        backoff_(options_.reconnect_min, options_.reconnect_max, std::random_device{}()),
        wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    UseLibrary();
    topic_.reserve(256);
  }

  ~MosquittoClient() override {
    Stop();
    if (mosq_ != nullptr) mosquitto_destroy(mosq_);
    if (wake_fd_ >= 0) ::close(wake_fd_);
  }
  MosquittoClient(const MosquittoClient&) = delete;
  MosquittoClient& operator=(const MosquittoClient&) = delete;

  [[nodiscard]] Result<void> Start(Listener& listener) override {
    if (started_) return Fail(Errc::kConflict, "mqtt: client is already started");
    if (wake_fd_ < 0) return Fail(Errc::kIo, "mqtt: eventfd: " + std::string(std::strerror(errno)));
    MW_TRY(Make());
    listener_ = &listener;
    started_ = true;
    attempt_at_ = 0;
    return {};
  }

  void Poll(Nanos wait_max) override {
    if (!started_) return;
    const Nanos now = clock_.Monotonic();
    if (!link_open_ && now >= attempt_at_) Attempt(now);
    if (!link_open_) {
      Wait(-1, std::min(wait_max, std::max<Nanos>(attempt_at_ - now, 0)));
      return;
    }
    const int fd = mosquitto_socket(mosq_);
    if (fd < 0) {
      Lost("socket closed");
      return;
    }
    const short events = Wait(fd, TlsPending() ? 0 : std::min(wait_max, kMiscPeriod));
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 || TlsPending()) ReadPackets(fd);
    if ((events & (POLLHUP | POLLERR)) != 0) HangUp(fd);
    if (link_open_ && mosquitto_want_write(mosq_))
      Check(mosquitto_loop_write(mosq_, kPacketsPerPoll));
    Maintain();
  }

  void Wake() override {
    const uint64_t one = 1;
    // A full counter already wakes the poller, so a failed write needs no answer.
    [[maybe_unused]] const ssize_t wrote = ::write(wake_fd_, &one, sizeof one);
  }

  [[nodiscard]] Result<int> Publish(std::string_view topic, std::span<const std::byte> payload,
                                    int qos, bool retain) override {
    if (!connected_) return Fail(Errc::kUnavailable, "mqtt: not connected");
    if (payload.size() > static_cast<size_t>(kPayloadBytesMax))
      return Fail(Errc::kInvalid, "mqtt: payload is larger than the protocol allows");
    if (qos > 0 && unacked_.count() >= static_cast<size_t>(options_.inflight_max) * 4)
      return Fail(Errc::kExhausted, "mqtt: too many messages wait for their acknowledgement");
    topic_.assign(topic);
    int id = 0;
    const int rc = mosquitto_publish(mosq_, &id, topic_.c_str(), static_cast<int>(payload.size()),
                                     payload.data(), qos, retain);
    if (rc == MOSQ_ERR_INVAL || rc == MOSQ_ERR_MALFORMED_UTF8)
      return Fail(Errc::kInvalid, "mqtt: cannot publish on '" + topic_ + "': " + Reason(rc));
    // A QoS 1 or 2 message is in libmosquitto's hands now, even where its first write just failed.
    if (qos > 0) unacked_.set(static_cast<size_t>(id) & 0xFFFF);
    if (rc != MOSQ_ERR_SUCCESS) {
      Check(rc);
      if (qos == 0) return Fail(Errc::kUnavailable, "mqtt: connection lost while publishing");
    }
    return id;
  }

  [[nodiscard]] Result<void> Subscribe(std::string_view filter, int qos) override {
    const std::string text(filter);
    if (mosquitto_sub_topic_check(text.c_str()) != MOSQ_ERR_SUCCESS)
      return Fail(Errc::kInvalid, "mqtt: '" + text + "' is no topic filter");
    const auto known = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                    [&](const Subscription& s) { return s.filter == text; });
    if (known == subscriptions_.end())
      subscriptions_.push_back({text, qos});
    else
      known->qos = qos;
    if (connected_) Check(mosquitto_subscribe(mosq_, nullptr, text.c_str(), qos));
    return {};
  }

  [[nodiscard]] bool connected() const override { return connected_; }
  [[nodiscard]] size_t unacked() const override { return unacked_.count(); }

  void Reconnect() override {
    if (!started_) return;
    Leave();
    Lost("left, to come back under another certificate");
    attempt_at_ = 0;
  }

  void Stop() override {
    if (!started_) return;
    Leave();
    started_ = link_open_ = connected_ = stopping_ = false;
  }

 private:
  struct Subscription {
    std::string filter;
    int qos;
  };

  [[nodiscard]] Result<void> Make() {
    if (mosq_ != nullptr) return {};
    mosq_ = mosquitto_new(options_.client_id.empty() ? nullptr : options_.client_id.c_str(),
                          options_.clean_session || options_.client_id.empty(), this);
    if (mosq_ == nullptr)
      return Fail(Errc::kInvalid, "mqtt: client id '" + options_.client_id + "' is refused");
    mosquitto_int_option(mosq_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
    mosquitto_int_option(mosq_, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(mosq_, MOSQ_OPT_SEND_MAXIMUM, std::clamp(options_.inflight_max, 1, 65535));
    mosquitto_connect_with_flags_callback_set(mosq_, &OnConnect);
    mosquitto_disconnect_callback_set(mosq_, &OnDisconnect);
    mosquitto_message_callback_set(mosq_, &OnMessage);
    mosquitto_publish_callback_set(mosq_, &OnPublish);
    auto configured = Configure();
    if (!configured) {
      mosquitto_destroy(mosq_);
      mosq_ = nullptr;  // a second Start fails the same way
    }
    return configured;
  }

  [[nodiscard]] Result<void> Configure() {
    const auto check = [](int rc, const std::string& what) -> Result<void> {
      if (rc == MOSQ_ERR_SUCCESS) return {};
      return Fail(Errc::kInvalid, "mqtt: " + what + ": " + Reason(rc));
    };
    const auto text = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
    if (!options_.username.empty())
      MW_TRY(
          check(mosquitto_username_pw_set(mosq_, text(options_.username), text(options_.password)),
                "user name"));
    if (!options_.ca_file.empty()) {
      MW_TRY(check(
          mosquitto_tls_set(mosq_, text(options_.ca_file), nullptr, text(options_.cert_file),
                            text(options_.key_file), nullptr),
          "TLS files " + options_.ca_file + " " + options_.cert_file + " " + options_.key_file));
      // The name or address that we connect to must be one of the certificate's (libmosquitto's
      // default, said here so that nobody wonders).
      constexpr int kVerifyPeer = 1;
      MW_TRY(check(mosquitto_tls_opts_set(mosq_, kVerifyPeer, "tlsv1.3", nullptr), "TLS 1.3"));
      MW_TRY(check(mosquitto_tls_insecure_set(mosq_, false), "TLS host name"));
    }
    if (options_.will) {
      const Will& will = *options_.will;
      MW_TRY(
          check(mosquitto_will_set(mosq_, will.topic.c_str(), static_cast<int>(will.payload.size()),
                                   will.payload.data(), will.qos, will.retain),
                "last will"));
    }
    return {};
  }

  void Leave() {
    if (!link_open_) return;
    stopping_ = true;
    mosquitto_disconnect(mosq_);
    // The DISCONNECT normally leaves at once; a peer that does not read must not hold us.
    for (int i = 0; i < 10 && mosquitto_want_write(mosq_) && mosquitto_socket(mosq_) >= 0; ++i) {
      mosquitto_loop_write(mosq_, kPacketsPerPoll);
      clock_.SleepFor(kMillisecond);
    }
    stopping_ = false;
  }

  // TCP connect without blocking. A name still needs the resolver, which may block: use addresses
  // where that matters.
  void Attempt(Nanos now) {
    const int keepalive = std::max(options_.keepalive_s, 5);  // libmosquitto's smallest
    const int rc = mosquitto_connect_async(mosq_, options_.host.c_str(), options_.port, keepalive);
    if (rc != MOSQ_ERR_SUCCESS) {
      attempt_at_ = now + backoff_.Next();
      if (!reported_) listener_->OnDisconnected("cannot connect: " + Reason(rc));
      reported_ = true;
      return;
    }
    link_open_ = true;
    connack_by_ = now + kConnackWait;
  }

  short Wait(int fd, Nanos wait_max) {
    pollfd fds[2] = {{wake_fd_, POLLIN, 0}, {fd, POLLIN, 0}};
    if (fd >= 0 && mosquitto_want_write(mosq_)) fds[1].events |= POLLOUT;
    const Nanos wait = std::max<Nanos>(wait_max, 0);
    const timespec timeout{wait / kSecond, wait % kSecond};
    if (ppoll(fds, fd >= 0 ? 2 : 1, &timeout, nullptr) <= 0) return 0;
    if ((fds[0].revents & POLLIN) != 0) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
    }
    return fds[1].revents;
  }

  void ReadPackets(int fd) {
    for (int i = 0; i < kPacketsPerPoll && link_open_; ++i) {
      Check(mosquitto_loop_read(mosq_, 1));
      int pending = 0;
      if (!TlsPending() && (ioctl(fd, FIONREAD, &pending) != 0 || pending <= 0)) return;
    }
  }

  // A socket that is dead and empty. libmosquitto does not see it while a TLS handshake is on its
  // way (a connection that was refused): without this, Poll would spin until the CONNACK is due.
  void HangUp(int fd) {
    int pending = 0;
    if (!link_open_ || TlsPending()) return;
    if (ioctl(fd, FIONREAD, &pending) == 0 && pending > 0) return;
    int error = 0;
    socklen_t length = sizeof error;
    (void)::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    Lost(error != 0 ? std::strerror(error) : "closed by the other side");
  }

  // Bytes that OpenSSL has decrypted already do not show in poll().
  [[nodiscard]] bool TlsPending() const {
    auto* ssl = static_cast<SSL*>(mosquitto_ssl_get(mosq_));
    return link_open_ && ssl != nullptr && SSL_pending(ssl) > 0;
  }

  void Maintain() {
    const Nanos now = clock_.Monotonic();
    if (link_open_ && !connected_ && now > connack_by_) {
      Lost("no answer to CONNECT");
      return;
    }
    if (!link_open_ || now < misc_at_) return;
    misc_at_ = now + kMiscPeriod;
    Check(mosquitto_loop_misc(mosq_));
  }

  void Check(int rc) {
    if (rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_NO_CONN || stopping_) {
      if (rc == MOSQ_ERR_NO_CONN && link_open_) Lost("not connected");
      return;
    }
    Lost(Reason(rc));
  }

  void Lost(const std::string& reason) {
    if (!link_open_) return;
    link_open_ = connected_ = false;
    attempt_at_ = clock_.Monotonic() + backoff_.Next();
    if (!reported_) listener_->OnDisconnected(reason);
    reported_ = true;
  }

  static void OnConnect(mosquitto* /*mosq*/, void* self, int rc, int flags) {
    auto& client = *static_cast<MosquittoClient*>(self);
    if (rc != 0) {
      client.Lost(mosquitto_connack_string(rc));
      return;
    }
    client.connected_ = true;
    client.reported_ = false;
    client.backoff_.Reset();
    for (const Subscription& s : client.subscriptions_)
      mosquitto_subscribe(client.mosq_, nullptr, s.filter.c_str(), s.qos);
    client.listener_->OnConnected((flags & 1) != 0);
  }

  static void OnDisconnect(mosquitto* /*mosq*/, void* self, int rc) {
    auto& client = *static_cast<MosquittoClient*>(self);
    if (!client.stopping_) client.Lost(rc == 0 ? "closed" : Reason(rc));
  }

  static void OnMessage(mosquitto* /*mosq*/, void* self, const mosquitto_message* m) {
    auto& client = *static_cast<MosquittoClient*>(self);
    const auto* bytes = static_cast<const std::byte*>(m->payload);
    client.listener_->OnMessage(
        {m->topic, {bytes, static_cast<size_t>(m->payloadlen)}, m->qos, m->retain});
  }

  static void OnPublish(mosquitto* /*mosq*/, void* self, int id) {
    auto& client = *static_cast<MosquittoClient*>(self);
    client.unacked_.reset(static_cast<size_t>(id) & 0xFFFF);
    client.listener_->OnPublished(id);
  }

  const Options options_;
  os::RealClock clock_;
  Backoff backoff_;
  const int wake_fd_;
  mosquitto* mosq_ = nullptr;
  Listener* listener_ = nullptr;
  std::vector<Subscription> subscriptions_;
  std::string topic_;           // keeps its capacity: publishing copies into it
  std::bitset<65536> unacked_;  // by message id
  bool started_ = false;
  bool link_open_ = false;  // a socket exists, connected or on its way
  bool connected_ = false;  // CONNACK came
  bool stopping_ = false;
  bool reported_ = false;  // a lasting outage is told once
  Nanos attempt_at_ = 0;
  Nanos connack_by_ = 0;
  Nanos misc_at_ = 0;
};

}  // namespace

std::unique_ptr<Client> MakeClient(Options options) {
  return std::make_unique<MosquittoClient>(std::move(options));
}

}  // namespace millwright::mqtt
