// The agent as a Greengrass V2 component, where it was started as one: what the nucleus hears of
// it, and models from the folder of a model component.
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "agent/watchdog.h"
#include "greengrass/service.h"

namespace millwright {

/// Where no nucleus started the process, every call does nothing.
class ComponentSide {
 public:
  /// `models_from`: folder of the model component; empty: models come from the hub. kInvalid where
  /// there is a folder and no nucleus. Borrows files and clock; outlives the agent.
  [[nodiscard]] static Result<ComponentSide> Open(const std::string& models_from,
                                                  const agent::Settings& settings, os::Files& files,
                                                  os::Clock& clock);

  /// What the agent makes its connections with.
  [[nodiscard]] agent::ClientFactory Clients();
  /// The self-test failed: told before the process ends.
  void Failed();
  /// The self-test passed: the model gave its golden answers, the threads run.
  void Running();
  /// Every second or so: whether decisions still go on, and whether a model is on trial.
  void Tell(const agent::AgentFigures& figures);

 private:
  ComponentSide(os::Files& files, os::Clock& clock) : files_(&files), clock_(&clock) {}

  os::Files* files_;
  os::Clock* clock_;
  std::string thing_, prefix_;
  bool takes_models_ = false;
  std::unique_ptr<greengrass::Service> service_;
  agent::Watchdog watchdog_{kStuckCheck};
  Nanos moved_at_ = 0;  // when decisions last went on

  static constexpr Nanos kStuckCheck = 10 * kSecond;
};

}  // namespace millwright
