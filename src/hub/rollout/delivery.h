// The hub's connection to gateways that take models: jobs and file streams, and the clock that lets
// rollouts go on. One thread owns it.
//
// A turn takes what has come, answers all of it in one transaction, then sends: an answer leaves
// when what it says is on disk. A wave may concern thousands of gateways and a connection takes
// some dozen messages at once, so answers and gateways to be told wait here, in bounded queues.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "hub/rollout/lent.h"
#include "hub/rollout/rollouts.h"
#include "hub/rollout/tell_queue.h"
#include "jobs/jobs_server.h"
#include "jobs/stream_server.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::hub {

/// Written by the delivery's thread, read by any.
struct DeliveryCounts {
  std::atomic<uint64_t> requests = 0;  // messages from gateways
  std::atomic<uint64_t> blocks = 0;    // sent
  std::atomic<uint64_t> unsent = 0;    // requests and answers that found no place in their queue
};

class Delivery : private mqtt::Listener {
 public:
  /// Borrows all; they outlive it.
  Delivery(mqtt::Client& client, Rollouts& rollouts, os::Clock& clock, const std::string& prefix);

  [[nodiscard]] Result<void> Start();
  /// Waits up to `wait_max` for messages, answers them, and once a second lets rollouts step.
  void Step(Nanos wait_max);
  void Finish();
  /// Any thread.
  [[nodiscard]] const DeliveryCounts& counts() const { return counts_; }
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  void OnMessage(const mqtt::Message& message) override;
  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;
  struct Letter {
    std::string topic;
    std::vector<std::byte> payload;
  };
  void Post(const std::string& topic, std::span<const std::byte> payload);
  [[nodiscard]] bool Send(const std::string& topic, std::span<const std::byte> payload);
  void Receive(Nanos wait_max);
  void Answer();
  void SendAnswers();
  void TellDevices();
  void SendBlocks();
  [[nodiscard]] bool Waits() const;
  void StepRollouts();
  void LookAtReleases();
  void Remind();

  mqtt::Client& client_;
  Rollouts& rollouts_;
  os::Clock& clock_;
  LentJobs lent_jobs_;
  LentReleases lent_releases_;
  jobs::JobsServer jobs_;
  jobs::StreamServer streams_;
  Nanos next_step_ = 0, next_look_ = 0;  // monotonic
  std::set<std::string> faults_told_;    // of releases
  std::vector<Letter> inbox_;            // of this turn
  std::deque<Letter> outbox_;
  TellQueue to_tell_;
  bool answering_ = false;
  bool congested_ = false;
  bool remind_all_ = false;
  DeliveryCounts counts_;
  std::atomic<bool> connected_ = false;
};

}  // namespace millwright::hub
