// The component on a thread of its own, with a mailbox for each thing that others say to it.
// Nothing here is waited for by a thread that decides.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/mutex.h"
#include "greengrass/component.h"
#include "greengrass/release_client.h"

namespace millwright::greengrass {

/// What a nucleus puts into the environment of a component.
struct Nucleus {
  std::string socket, token;
};
/// Nothing where the process is no component.
[[nodiscard]] std::optional<Nucleus> NucleusOfEnvironment();

class Service {
 public:
  /// `models`: folder of the model component; empty where models come another way. Borrows the
  /// clock.
  Service(const Nucleus& nucleus, std::string models, std::string thing, os::Clock& clock);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void SetState(ComponentState state);
  /// A model is on trial: updates of the component should wait. Empty: none is.
  void SetBusy(const std::string& why);
  [[nodiscard]] ReleaseWatch& watch() { return watch_; }
  /// Of the model that is on its way; published where the configuration names a topic.
  void Report(const jobs::Execution& execution);
  /// Gives the nucleus a moment to hear of the state.
  void Finish(Nanos wait_max);

 private:
  void Run(const std::stop_token& stop);
  void Turn();
  void OnSettings(const ComponentSettings& settings);

  const std::string thing_;
  const bool takes_models_;
  os::Clock& clock_;
  ReleaseWatch watch_;
  Mutex mutex_;
  ComponentState state_ MW_GUARDED_BY(mutex_) = ComponentState::kStarting;
  std::string busy_ MW_GUARDED_BY(mutex_);
  std::optional<std::string> report_ MW_GUARDED_BY(mutex_);  // the newest
  std::string step_ MW_GUARDED_BY(mutex_);                   // that it told
  std::string topic_;                                        // the thread's
  std::string last_report_;                                  // the thread's
  std::atomic<bool> told_{false};
  Component component_;
  std::jthread thread_;  // last: it uses all the others
};

}  // namespace millwright::greengrass
