// The hub's parts, put together: one thread for ingest and the writing connection, one for the
// event stream, one for models on their way and one for
// messages to people where there are any, the server's own.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "http/router.h"
#include "http/server.h"
#include "hub/api/board.h"
#include "hub/api/context.h"
#include "hub/api/fleet_metrics.h"
#include "hub/api/live.h"
#include "hub/ingest/changes.h"
#include "hub/ingest/ingest.h"
#include "hub/ingest/meters.h"
#include "hub/ingest/retention.h"
#include "hub/labels/labels.h"
#include "hub_config.h"
#include "hub_defender.h"
#include "hub_delivery.h"
#include "hub_identity.h"
#include "hub_notify.h"
#include "hub_retrain.h"
#include "metrics/registry.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "store/database.h"
#include "store/pool.h"

namespace millwright::hub {

class Hub {
 public:
  Hub(HubConfig config, std::string version)
      : config_(std::move(config)), version_(std::move(version)) {}
  ~Hub() { Stop(); }
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Opens the database, listens, begins to connect to the broker.
  [[nodiscard]] Result<void> Start();
  /// Commits and acks what is at hand, answers what is being answered, closes.
  void Stop();
  [[nodiscard]] std::string url() const;
  /// Every route behind its gate; good from Start() on.
  [[nodiscard]] const http::Router& router() const { return router_; }

 private:
  [[nodiscard]] Result<void> OpenStore();
  void AddRoutes();
  void AddGauges();
  void RunIngest(const std::stop_token& stop);
  [[nodiscard]] std::vector<std::string> NotReady() const;
  void RefreshGauges();
  void Observe(const http::Exchange& exchange);

  const HubConfig config_;
  const std::string version_;
  os::RealClock clock_;
  metrics::Registry registry_;
  ChangeFeed feed_;
  IngestMeters meters_{registry_};
  std::unique_ptr<store::Database> writer_;
  std::unique_ptr<store::ReaderPool> readers_;
  std::optional<ApiContext> context_;
  Board board_;
  std::optional<FleetMetrics> fleet_metrics_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<mqtt::Client> client_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<Live> live_;
  std::unique_ptr<Retention> retention_;
  std::unique_ptr<HubIdentity> identity_;
  std::unique_ptr<Labels> labels_;
  std::unique_ptr<HubDelivery> delivery_;  // null: this hub delivers nothing
  std::unique_ptr<HubNotify> notify_;      // null: this hub tells nobody
  std::unique_ptr<HubDefender> defender_;  // null: this hub takes no reports
  std::unique_ptr<HubRetrain> retrain_;    // null: this hub does not retrain
  std::jthread ingest_thread_;
  std::jthread live_thread_;
  std::jthread fleet_thread_;
};

}  // namespace millwright::hub
