// The part of the hub that brings models to gateways: a connection of its own to the broker and to
// the database, a thread that answers, and one that keeps the repository's signatures fresh.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/ingest/changes.h"
#include "hub/rollout/delivery.h"
#include "hub/rollout/maintenance.h"
#include "hub/rollout/schedules.h"
#include "hub_config.h"
#include "metrics/registry.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "os/files.h"
#include "trust/keeper.h"

namespace millwright::hub {

class HubDelivery {
 public:
  /// The database is migrated already. Borrows clock and feed.
  [[nodiscard]] static Result<std::unique_ptr<HubDelivery>> Make(const HubConfig& config,
                                                                 os::Clock& clock,
                                                                 ChangeFeed& feed);
  ~HubDelivery() { Stop(); }
  HubDelivery(const HubDelivery&) = delete;
  HubDelivery& operator=(const HubDelivery&) = delete;

  /// Begins to connect.
  [[nodiscard]] Result<void> Start();
  void Stop();
  [[nodiscard]] Rollouts& rollouts() { return rollouts_; }
  [[nodiscard]] Schedules& schedules() { return schedules_; }
  [[nodiscard]] Maintenance& maintenance() { return maintenance_; }
  [[nodiscard]] bool connected() const { return delivery_.connected(); }
  /// What somebody should see to about the repository's signatures, a line each. Any thread.
  [[nodiscard]] std::vector<std::string> Warnings() const { return keeper_.Warnings(); }
  /// The counts as metrics; before each scrape.
  void Refresh(metrics::Registry& registry) const;

 private:
  struct Connections {
    std::unique_ptr<store::Database> rollouts{}, schedules{}, maintenance{};
  };
  HubDelivery(const HubConfig& config, Connections connections, os::Clock& clock, ChangeFeed& feed);
  void Run(const std::stop_token& stop);
  void Keep(const std::stop_token& stop);
  void RefreshTrust(metrics::Registry& registry) const;

  os::RealFiles files_;
  os::Clock& clock_;
  trust::Keeper keeper_;
  Releases releases_;
  Zones zones_;
  Maintenance maintenance_;
  Rollouts rollouts_;
  Schedules schedules_;
  std::unique_ptr<mqtt::Client> client_;
  Delivery delivery_;
  Mutex idle_mutex_;
  CondVar idle_;
  std::jthread keeper_thread_;
  std::jthread thread_;
};

}  // namespace millwright::hub
