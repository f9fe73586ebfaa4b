// The models thread: its own connection to the hub's broker, and the delivery that goes over it.
// Nobody waits for it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "agent/delivery.h"
#include "agent/models.h"
#include "agent/uplink.h"
#include "mqtt/client.h"

namespace millwright::agent {

class ModelsLink : private mqtt::Listener {
 public:
  struct Parts {
    const Settings& settings;
    Exchange& exchange;
    const DeciderCounts& decider;
    os::Files& files;
    os::Clock& clock;
    std::atomic<slots::Phase>& phase;
    std::function<void()> wake_decider;
  };
  /// Borrows the parts; they outlive it.
  ModelsLink(const Parts& parts, Models models, const ClientFactory& make_client);

  /// Reads the root that models are signed under, and connects.
  [[nodiscard]] Result<void> Start();
  void Work(Nanos wait_max);
  /// Any thread: the thread is to stop.
  void Wake() { client_->Wake(); }
  /// Any thread: the next turn connects anew, with the certificate that now lies on the disk.
  void Reconnect();
  /// A clean end: the next start is not counted as a crash's.
  void Stop();

 private:
  void OnConnected(bool session_present) override;
  void OnMessage(const mqtt::Message& message) override;
  [[nodiscard]] Result<std::unique_ptr<Crew>> MakeFreshCrew(const SharedPlan& plan);

  const Parts parts_;
  std::unique_ptr<slots::Slots> slots_, configs_;
  const Settings base_;
  const Loader loader_;
  std::unique_ptr<mqtt::Client> client_;
  Notary notary_;
  ModelHost host_;
  Delivery delivery_;
  std::atomic<bool> reconnect_{false};
};

}  // namespace millwright::agent
