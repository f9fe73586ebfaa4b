// The part of the hub that takes Device Defender reports: a connection of its own to the broker and
// to the database, and one thread.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "core/result.h"
#include "hub/defender/defender.h"
#include "hub/defender/defender_link.h"
#include "hub_config.h"
#include "metrics/registry.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::hub {

class HubDefender {
 public:
  /// The database is migrated already. Borrows the clock.
  [[nodiscard]] static Result<std::unique_ptr<HubDefender>> Make(const HubConfig& config,
                                                                 os::Clock& clock);
  ~HubDefender() { Stop(); }
  HubDefender(const HubDefender&) = delete;
  HubDefender& operator=(const HubDefender&) = delete;

  /// Begins to connect.
  [[nodiscard]] Result<void> Start();
  void Stop();
  [[nodiscard]] Defender& defender() { return defender_; }
  [[nodiscard]] bool connected() const { return link_.connected(); }
  /// The counts as metrics; before each scrape.
  void Refresh(metrics::Registry& registry);

 private:
  HubDefender(const HubConfig& config, std::unique_ptr<store::Database> database, os::Clock& clock);
  void Run(const std::stop_token& stop);

  Defender defender_;
  std::unique_ptr<mqtt::Client> client_;
  DefenderLink link_;
  std::set<std::string> profiles_told_;  // that have a gauge
  std::jthread thread_;
};

}  // namespace millwright::hub
