// The part of the hub that brings models to gateways: a connection of its own to the broker and to
// the database, and a thread that answers.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "core/result.h"
#include "hub/ingest/changes.h"
#include "hub/rollout/delivery.h"
#include "hub_config.h"
#include "metrics/registry.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "os/files.h"

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
  [[nodiscard]] bool connected() const { return delivery_.connected(); }
  /// The counts as metrics; before each scrape.
  void Refresh(metrics::Registry& registry) const;

 private:
  HubDelivery(const HubConfig& config, std::unique_ptr<store::Database> database, os::Clock& clock,
              ChangeFeed& feed);
  void Run(const std::stop_token& stop);

  os::RealFiles files_;
  Releases releases_;
  Rollouts rollouts_;
  std::unique_ptr<mqtt::Client> client_;
  Delivery delivery_;
  std::jthread thread_;
};

}  // namespace millwright::hub
