// The part of the hub that retrains: a connection of its own to the database and one thread, to
// which the running command belongs.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/retrain/loop.h"
#include "hub/rollout/rollouts.h"
#include "hub_config.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

class HubRetrain {
 public:
  /// The database is migrated already. Borrows clock and rollouts.
  [[nodiscard]] static Result<std::unique_ptr<HubRetrain>> Make(const HubConfig& config,
                                                                os::Clock& clock,
                                                                Rollouts& rollouts,
                                                                const std::string& version);
  ~HubRetrain() { Stop(); }
  HubRetrain(const HubRetrain&) = delete;
  HubRetrain& operator=(const HubRetrain&) = delete;

  void Start();
  /// Kills what runs; its step is begun anew by the next hub.
  void Stop();
  [[nodiscard]] retrain::Retrains& retrains() { return *retrains_; }
  [[nodiscard]] const retrain::Options& options() const { return options_; }

 private:
  HubRetrain() = default;
  void Run(const std::stop_token& stop);

  retrain::Options options_;
  std::unique_ptr<store::Database> reader_;  // the loop's thread alone
  std::unique_ptr<retrain::Retrains> retrains_;
  std::unique_ptr<retrain::Loop> loop_;
  Mutex idle_mutex_;
  CondVar idle_;
  std::jthread thread_;
};

}  // namespace millwright::hub
