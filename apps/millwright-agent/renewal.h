// The thread that keeps the gateway's certificate: beside the agent, since it speaks HTTP. Nobody
// waits for it.
#pragma once

#include <memory>
#include <thread>

#include "agent/agent.h"
#include "core/result.h"
#include "identity/keeper.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright {

class Renewal {
 public:
  /// Does nothing where `settings` name no hub. Borrows all but the settings; they outlive it.
  Renewal(const agent::IdentitySettings& settings, agent::Agent& agent, os::Files& files,
          os::Clock& clock);
  ~Renewal();
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

 private:
  struct Line;
  void Run(const std::stop_token& stop);

  agent::Agent& agent_;
  std::unique_ptr<Line> line_;
  std::unique_ptr<identity::Keeper> keeper_;  // the thread's, once that runs
  std::jthread thread_;
};

}  // namespace millwright
