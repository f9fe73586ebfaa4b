// A real Mosquitto for tests, and a listener that writes down what it hears.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "mqtt/client.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::mqtt::testing {

inline int FreePort() {
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

inline std::string FindBroker() {
  for (const char* path :
       {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"})
    if (std::filesystem::exists(path)) return path;
  return {};
}

/// A Mosquitto on the loopback, killed with its owner.
class Broker {
 public:
  /// `more`: further lines of its configuration.
  explicit Broker(int port, const std::string& more = "") {
    config_ =
        std::filesystem::temp_directory_path() / ("mw_mqtt_" + std::to_string(port) + ".conf");
    std::ofstream(config_) << "listener " << port
                           << " 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                           << "max_queued_messages 10000\n"
                           << (::geteuid() == 0 ? "user root\n" : "") << more;
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

/// Polls until `done` holds; the limit only ends a broken run.
inline bool PollUntil(std::initializer_list<Client*> clients, const std::function<bool()>& done) {
  const os::RealClock clock;
  const Nanos limit = clock.Monotonic() + 20 * kSecond;
  while (!done()) {
    if (clock.Monotonic() > limit) return false;
    for (Client* client : clients) client->Poll(5 * kMillisecond);
  }
  return true;
}

}  // namespace millwright::mqtt::testing
