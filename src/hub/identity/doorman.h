// Tells the hub's broker who is out: the list of revoked certificates, a signal to read it again,
// and the end of connections that are there already, which a broker leaves alone.
#pragma once

#include <deque>
#include <stop_token>
#include <string>
#include <thread>

#include "core/mutex.h"
#include "hub/identity/enrolment.h"
#include "mqtt/client.h"
#include "os/files.h"

namespace millwright::hub {

struct DoormanOptions {
  std::string list_file;  // crl.pem
  /// Of a Mosquitto that this process may signal; empty: something else reloads it (a systemd path
  /// unit that watches the list).
  std::string broker_pid_file{};
  mqtt::Options broker{};  // how the hub reaches it
};

class Doorman {
 public:
  /// Borrows all.
  Doorman(Enrolment& enrolment, os::Files& files, os::Clock& clock, DoormanOptions options)
      : enrolment_(enrolment), files_(files), clock_(clock), options_(std::move(options)) {}
  ~Doorman() { Stop(); }
  Doorman(const Doorman&) = delete;
  Doorman& operator=(const Doorman&) = delete;

  /// Writes the list, as it was before where nothing changed, and begins.
  [[nodiscard]] Result<void> Start();
  void Stop();
  /// After the device's certificates were revoked: writes the list, makes the broker read it; a
  /// moment later the device's connections end. Any thread.
  [[nodiscard]] Result<void> Expel(const std::string& device);

 private:
  struct Task {
    Nanos at;
    std::string device;
  };
  [[nodiscard]] Result<void> WriteList();
  void Reload() const;
  void Run(const std::stop_token& stop);
  void TakeOver(const std::string& client_id) const;

  Enrolment& enrolment_;
  os::Files& files_;
  os::Clock& clock_;
  const DoormanOptions options_;
  Mutex write_mutex_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<Task> tasks_ MW_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace millwright::hub
