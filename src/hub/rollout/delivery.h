// The hub's connection to gateways that take models: jobs and file streams, and the clock that lets
// rollouts go on. One thread owns it.
#pragma once

#include <cstdint>
#include <string>

#include "hub/rollout/rollouts.h"
#include "jobs/jobs_server.h"
#include "jobs/stream_server.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::hub {

struct DeliveryCounts {
  uint64_t requests = 0, blocks = 0, unsent = 0;
};

class Delivery : private mqtt::Listener {
 public:
  /// Borrows all; they outlive it.
  Delivery(mqtt::Client& client, Rollouts& rollouts, os::Clock& clock, const std::string& prefix);

  [[nodiscard]] Result<void> Start();
  /// Waits up to `wait_max` for messages, answers them, and once a second lets rollouts step.
  void Step(Nanos wait_max);
  void Finish();
  [[nodiscard]] const DeliveryCounts& counts() const { return counts_; }

 private:
  void OnMessage(const mqtt::Message& message) override;
  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;
  [[nodiscard]] bool Publish(const std::string& topic, std::span<const std::byte> payload);
  [[nodiscard]] static JobTable& TableOf(Rollouts& rollouts);
  [[nodiscard]] static Releases& ReleasesOf(Rollouts& rollouts);

  mqtt::Client& client_;
  Rollouts& rollouts_;
  os::Clock& clock_;
  jobs::JobsServer jobs_;       // used inside WithJobs only
  jobs::StreamServer streams_;  // used inside WithReleases only
  Nanos next_step_ = 0;
  DeliveryCounts counts_;
};

}  // namespace millwright::hub
