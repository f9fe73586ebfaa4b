// The real client against a real Mosquitto on a free loopback port; skipped where none is
// installed.
#include "mqtt/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "os/clock.h"
#include "os/files.h"

namespace millwright::mqtt {
namespace {

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) return 0;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::string FindBroker() {
  for (const char* path :
       {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"})
    if (std::filesystem::exists(path)) return path;
  return {};
}

class Broker {
 public:
  explicit Broker(int port) : port_(port) {
    config_ =
        std::filesystem::temp_directory_path() / ("mw_mqtt_" + std::to_string(port) + ".conf");
    std::ofstream(config_) << "listener " << port
                           << " 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                           << "max_queued_messages 10000\n";
  }
  ~Broker() {
    Kill();
    std::filesystem::remove(config_);
  }
  void Start() {
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
      execl(FindBroker().c_str(), "mosquitto", "-c", config_.c_str(), nullptr);
      _exit(127);
    }
  }
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  int port_;
  pid_t pid_ = -1;
  std::filesystem::path config_;
};

struct Recorder : Listener {
  void OnConnected(bool present) override {
    ++connects;
    session_present = present;
  }
  void OnDisconnected(std::string_view why) override {
    ++disconnects;
    reason = why;
  }
  void OnMessage(const Message& m) override {
    topics.emplace_back(m.topic);
    payloads.emplace_back(os::AsText(m.payload));
    retained += m.retain ? 1 : 0;
  }
  void OnPublished(int) override { ++published; }
  int connects = 0, disconnects = 0, published = 0, retained = 0;
  bool session_present = false;
  std::string reason;
  std::vector<std::string> topics, payloads;
};

class MqttClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindBroker().empty()) GTEST_SKIP() << "mosquitto is not installed";
    port_ = FreePort();
    broker_.emplace(port_);
    broker_->Start();
  }
  [[nodiscard]] Options Named(const std::string& id) const {
    Options options;
    options.port = port_;
    options.client_id = id;
    options.reconnect_min = 10 * kMillisecond;
    options.reconnect_max = 100 * kMillisecond;
    return options;
  }
  // Polls until `done` holds; the limit only ends a broken run.
  static bool PollUntil(std::initializer_list<Client*> clients, const std::function<bool()>& done) {
    const os::RealClock clock;
    const Nanos limit = clock.Monotonic() + 20 * kSecond;
    while (!done()) {
      if (clock.Monotonic() > limit) return false;
      for (Client* client : clients) client->Poll(5 * kMillisecond);
    }
    return true;
  }
  int port_ = 0;
  std::optional<Broker> broker_;
};

TEST_F(MqttClientTest, DeliversEveryQosInOrder) {
  Recorder in, out;
  auto subscriber = MakeClient(Named("sub"));
  auto publisher = MakeClient(Named("pub"));
  ASSERT_TRUE(subscriber->Start(in));
  ASSERT_TRUE(publisher->Start(out));
  ASSERT_TRUE(subscriber->Subscribe("mw/#", 2));
  EXPECT_EQ(publisher->Publish("mw/x", os::AsBytes("early"), 1, false).error().code,
            Errc::kUnavailable);
  ASSERT_TRUE(
      PollUntil({subscriber.get(), publisher.get()}, [&] { return in.connects && out.connects; }));
  // The subscription may still be on its way: a retained message arrives in either case.
  ASSERT_TRUE(publisher->Publish("mw/first", os::AsBytes("0"), 1, true));
  ASSERT_TRUE(
      PollUntil({subscriber.get(), publisher.get()}, [&] { return in.payloads.size() == 1; }));
  int sent = 0;
  int refused = 0;
  ASSERT_TRUE(PollUntil({subscriber.get(), publisher.get()}, [&] {
    while (sent < 300) {
      const auto id =
          publisher->Publish("mw/x", os::AsBytes(std::to_string(sent + 1)), 1 + sent % 2, false);
      if (!id && id.error().code == Errc::kExhausted) ++refused;
      if (!id) return false;
      ++sent;
    }
    return true;
  }));
  EXPECT_GT(refused, 0);
  ASSERT_TRUE(PollUntil({subscriber.get(), publisher.get()},
                        [&] { return in.payloads.size() == 301 && publisher->unacked() == 0; }))
      << in.payloads.size() << " received, " << publisher->unacked() << " unacknowledged, "
      << out.reason;
  EXPECT_EQ(out.published, 301);
}

TEST_F(MqttClientTest, ComesBackAfterABrokerKillAndRenewsItsSubscriptions) {
  Recorder seen;
  auto client = MakeClient(Named("one"));
  ASSERT_TRUE(client->Start(seen));
  ASSERT_TRUE(client->Subscribe("t", 1));
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return client->connected(); }));
  broker_->Kill();
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return !client->connected(); }));
  EXPECT_FALSE(seen.reason.empty());
  broker_->Start();
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return seen.connects == 2; }));
  EXPECT_FALSE(seen.session_present);
  ASSERT_TRUE(PollUntil({client.get()}, [&] {
    (void)client->Publish("t", os::AsBytes("hello"), 1, false);
    return !seen.payloads.empty();
  }));
}

TEST_F(MqttClientTest, KeepsItsSessionAndQueueWhileAway) {
  Recorder seen, other;
  auto publisher = MakeClient(Named("pub"));
  ASSERT_TRUE(publisher->Start(other));
  {
    auto client = MakeClient(Named("keeper"));
    ASSERT_TRUE(client->Start(seen));
    ASSERT_TRUE(client->Subscribe("t", 2));
    ASSERT_TRUE(PollUntil({client.get(), publisher.get()}, [&] { return publisher->connected(); }));
    ASSERT_TRUE(PollUntil({client.get(), publisher.get()}, [&] {
      if (publisher->unacked() == 0) (void)publisher->Publish("t", os::AsBytes("probe"), 2, false);
      return !seen.payloads.empty();
    }));
    client->Stop();
  }
  seen.payloads.clear();
  ASSERT_TRUE(PollUntil({publisher.get()}, [&] { return publisher->unacked() == 0; }));
  ASSERT_TRUE(publisher->Publish("t", os::AsBytes("while away"), 2, false));
  ASSERT_TRUE(PollUntil({publisher.get()}, [&] { return publisher->unacked() == 0; }));
  auto client = MakeClient(Named("keeper"));
  Recorder again;
  ASSERT_TRUE(client->Start(again));
  ASSERT_TRUE(PollUntil({client.get()}, [&] {
    return !again.payloads.empty() && again.payloads.back() == "while away";
  }));
  EXPECT_TRUE(again.session_present);
}

TEST_F(MqttClientTest, WillSpeaksForADeadClientOnly) {
  Recorder seen;
  auto watcher = MakeClient(Named("watch"));
  ASSERT_TRUE(watcher->Start(seen));
  ASSERT_TRUE(watcher->Subscribe("will/#", 1));
  ASSERT_TRUE(PollUntil({watcher.get()}, [&] { return watcher->connected(); }));
  // In a process of its own, so that it can end as a crash does.
  const auto die = [&](const std::string& id, bool politely) {
    const pid_t child = fork();
    if (child != 0) {
      int status = 0;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
      return;
    }
    Options options = Named(id);
    options.will = Will{.topic = "will/" + id, .payload = "gone"};
    auto client = MakeClient(options);
    Recorder ignored;
    const bool connected =
        client->Start(ignored) && PollUntil({client.get()}, [&] { return client->connected(); });
    if (politely) client->Stop();
    _exit(connected ? 0 : 1);
  };
  die("polite", true);
  die("dead", false);
  ASSERT_TRUE(PollUntil({watcher.get()}, [&] { return !seen.topics.empty(); })) << seen.reason;
  EXPECT_EQ(seen.topics, std::vector<std::string>{"will/dead"});
}

TEST_F(MqttClientTest, WakeEndsAPollFromAnotherThread) {
  Recorder seen;
  auto client = MakeClient(Named("waker"));
  ASSERT_TRUE(client->Start(seen));
  broker_->Kill();  // nothing else can end the wait
  std::jthread waker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      client->Wake();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (int i = 0; i < 20; ++i) client->Poll(3600 * kSecond);
}

TEST(MqttClientErrors, RefuseNonsense) {
  auto client = MakeClient({.client_id = "x"});
  EXPECT_EQ(client->Subscribe("a/#/b", 1).error().code, Errc::kInvalid);
  Recorder seen;
  auto tls = MakeClient({.client_id = "x", .ca_file = "/nowhere/ca.pem"});
  const auto started = tls->Start(seen);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().what.find("TLS"), std::string::npos);
}

}  // namespace
}  // namespace millwright::mqtt
