// The gateway's agent, composed: threads, each owning one thing.
//
//   L  local broker   readings in, decisions out            never touches the disk
//   P  decisions      pipeline, model, rule                 never waits for anyone
//   R  recorder       outbox, baselines, snapshot, witness  the only one on the disk
//   U  uplink         outbox to hub, acks                   nobody waits for it
//   M  models         new models: fetched, tried, switched  nobody waits for it
//
// Everything outside stands behind a seam, so that the same agent runs on fakes in one process.
#pragma once

#include <memory>
#include <string>

#include "agent/decider.h"
#include "agent/local_link.h"
#include "agent/models_link.h"
#include "agent/plan.h"
#include "agent/recorder.h"
#include "agent/uplink.h"
#include "core/result.h"
#include "identity/standing.h"

namespace millwright::agent {

struct Environment {
  os::Clock& clock;
  os::Files& files;
  ClientFactory make_client;  // mqtt::MakeClient, or a FakeBroker's
  std::string version = "0";
  os::Disk* disk = nullptr;  // of the models; null: the real one
  std::string boot_id = {};  // empty: the system's
};

struct AgentFigures {
  uint64_t turns = 0;    // of the decision thread
  uint64_t items = 0;    // readings and blocks decided upon
  uint64_t waiting = 0;  // readings and blocks not yet
  uint64_t decisions = 0;
  uint64_t accepted = 0;
  uint64_t rejected_payloads = 0;
  uint64_t dropped_readings = 0;
  uint64_t waiting_records = 0;
  double decision_ms_p50 = 0;
  double decision_ms_p999 = 0;
  double transport_ms_p999 = 0;               // parts of it: sensor's publish to us, ...
  double decide_ms_p999 = 0;                  // ... to the decision, ...
  double publish_ms_p999 = 0;                 // ... to its publish
  uint64_t swaps = 0;                         // of the model that decides
  slots::Phase update = slots::Phase::kIdle;  // of the model that is on its way
  identity::Standing certificate = identity::Standing::kNotKept;
  Nanos certificate_until = 0;
  bool broker_connected = false;
  bool uplink_connected = false;
};

class Agent {
 public:
  /// Reads bundle, state and outbox. Errors name what is wrong where; nothing runs yet.
  [[nodiscard]] static Result<std::unique_ptr<Agent>> Make(Settings settings,
                                                           Environment environment);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Connects and starts the threads.
  [[nodiscard]] Result<void> Start();
  /// Connects without threads: the caller then calls Step.
  [[nodiscard]] Result<void> StartStepped();
  /// One turn of every thread's work, in the caller's thread, without waiting.
  void Step();
  /// Takes no more readings, decides what is there, writes everything down, gives the uplink
  /// `drain_max` to deliver it, and ends. What is not delivered waits in the outbox.
  void Stop(Nanos drain_max);

  /// Any thread, whoever keeps the gateway's certificate: health reports tell how it stands.
  void TellCertificate(identity::Standing standing, Nanos until);
  /// Any thread: another certificate lies on the disk. The connections to the hub are made anew;
  /// decisions do not notice.
  void UseNewCertificate();

  [[nodiscard]] AgentFigures figures() const;
  /// Of the model that decided at the start.
  [[nodiscard]] const Plan& plan() const;

 private:
  struct Parts;
  explicit Agent(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millwright::agent
