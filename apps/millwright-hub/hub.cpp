#include "hub.h"

#include "core/log.h"
#include "hub/api/alarm_routes.h"
#include "hub/api/alarm_view.h"
#include "hub/api/device_routes.h"
#include "hub/api/event_routes.h"
#include "hub/api/label_routes.h"
#include "hub/api/machine_routes.h"
#include "hub/api/notify_routes.h"
#include "hub/api/retrain_routes.h"
#include "hub/api/rollout_routes.h"
#include "hub/api/schedule_routes.h"
#include "hub/api/series.h"
#include "hub/api/system_routes.h"
#include "os/process.h"
#include "store/migrations.h"

namespace millwright::hub {

Result<void> Hub::Start() {
  MW_TRY(OpenStore());
  MW_TRY(identity_, HubIdentity::Make(config_, clock_));
  MW_TRY(auto for_labels, store::Database::Open(config_.database));
  labels_ = std::make_unique<Labels>(std::move(for_labels), clock_);
  if (config_.delivery.enabled()) {
    MW_TRY(delivery_, HubDelivery::Make(config_, clock_, feed_));
  }
  if (config_.notify.enabled()) {
    MW_TRY(notify_, HubNotify::Make(config_, clock_));
  }
  if (config_.defender.on) {
    MW_TRY(defender_, HubDefender::Make(config_, clock_));
  }
  if (config_.retrain.enabled() && delivery_) {
    MW_TRY(retrain_, HubRetrain::Make(config_, clock_, delivery_->rollouts(), version_));
  }
  AddRoutes();
  AddGauges();
  server_ = std::make_unique<http::Server>(
      config_.http, router_, [this](const http::Exchange& exchange) { Observe(exchange); });
  MW_TRY(server_->Start());
  client_ = mqtt::MakeClient(config_.broker);
  ingest_ = std::make_unique<Ingest>(*client_, *writer_, clock_, feed_, meters_, config_.ingest);
  retention_ = std::make_unique<Retention>(*writer_, clock_, registry_, config_.retention);
  live_ = std::make_unique<Live>(*context_, feed_, *server_);
  MW_TRY(ingest_->Start());
  MW_TRY(identity_->Start());
  if (delivery_) MW_TRY(delivery_->Start());
  if (defender_) MW_TRY(defender_->Start());
  if (notify_) notify_->Start();
  if (retrain_) retrain_->Start();
  ingest_thread_ = std::jthread([this](const std::stop_token& stop) { RunIngest(stop); });
  live_thread_ = std::jthread([this](const std::stop_token& stop) { live_->Run(stop); });
  fleet_thread_ = std::jthread([this](const std::stop_token& stop) { fleet_metrics_->Run(stop); });
  return {};
}

Result<void> Hub::OpenStore() {
  MW_TRY(writer_, store::Database::Open(config_.database));
  MW_TRY(store::Migrate(*writer_));
  MW_TRY(readers_, store::ReaderPool::Open(config_.database, config_.readers));
  context_.emplace(ApiContext{*readers_, clock_, config_.freshness, version_});
  return {};
}

void Hub::AddRoutes() {
  AddBoardRoutes(router_, *context_, board_);
  AddMachineRoutes(router_, *context_);
  AddSeriesRoute(router_, *context_);
  AddAlarmRoutes(router_, *context_);
  AddDeviceRoutes(router_, *context_);
  AddRolloutRoutes(router_, *context_, delivery_ ? &delivery_->rollouts() : nullptr);
  AddScheduleRoutes(router_, *context_, delivery_ ? &delivery_->schedules() : nullptr);
  AddMaintenanceRoutes(router_, *context_, delivery_ ? &delivery_->maintenance() : nullptr);
  AddNotifyRoutes(router_, *context_, notify_ ? &notify_->notifier() : nullptr);
  AddRetrainRoutes(router_, *context_, retrain_ ? &retrain_->retrains() : nullptr, config_.retrain);
  AddEventRoutes(router_, *context_);
  AddInboxRoutes(router_, *context_);
  const LabelParts labels{.labels = *labels_,
                          .feed = feed_,
                          .may_judge = identity_->PlantGuard(),
                          .on_verdict = notify_ ? notify_->VerdictTeller() : OnVerdict()};
  AddLabelRoutes(router_, labels);
  AddServiceRoutes(router_, *context_, labels);
  AddStreamRoute(router_, *context_);
  AddSystemRoutes(
      router_, *context_, registry_, [this] { return NotReady(); },
      [this] { return delivery_ ? delivery_->Warnings() : std::vector<std::string>(); });
  identity_->AddTo(router_);
  SetConsole(router_);
}

void Hub::RunIngest(const std::stop_token& stop) {
  os::NameThread("ingest");
  const Nanos watchdog = os::WatchdogPeriod();
  Nanos next_sign = 0;
  while (!stop.stop_requested()) {
    ingest_->Step(100 * kMillisecond);
    if (const auto done = retention_->Step(); !done) log::Failure("retention", done.error());
    if (watchdog == 0 || clock_.Monotonic() < next_sign) continue;
    os::NotifyServiceManager(
        "WATCHDOG=1");  // from the thread that matters: a stuck ingest is a dead hub
    next_sign = clock_.Monotonic() + watchdog;
  }
  ingest_->Finish();
}

void Hub::Stop() {
  if (fleet_thread_.joinable()) {
    fleet_thread_.request_stop();
    fleet_thread_.join();
  }
  if (live_thread_.joinable()) {
    live_thread_.request_stop();
    live_thread_.join();
  }
  if (ingest_thread_.joinable()) {
    ingest_thread_.request_stop();
    client_->Wake();
    ingest_thread_.join();
  }
  if (retrain_) retrain_->Stop();
  if (notify_) notify_->Stop();
  if (defender_) defender_->Stop();
  if (delivery_) delivery_->Stop();
  if (identity_) identity_->Stop();
  if (server_) server_->Stop();
}

std::string Hub::url() const {
  const std::string scheme = config_.http.tls.certificate.empty() ? "http://" : "https://";
  return scheme + config_.http.host + ":" + std::to_string(server_->port()) + "/";
}

std::vector<std::string> Hub::NotReady() const {
  std::vector<std::string> reasons;
  if (meters_.broker_connected.value() < 1)
    reasons.push_back("not connected to the broker at " + config_.broker.host + ":" +
                      std::to_string(config_.broker.port));
  if (delivery_ && !delivery_->connected())
    reasons.push_back("delivery of models is not connected to the broker");
  return reasons;
}

void Hub::AddGauges() {
  registry_
      .AddGauge("millwright_hub_build_info", "Always 1; the version is a label.",
                {{"version", version_}})
      .Set(1);
  fleet_metrics_.emplace(registry_, *context_);
  registry_.BeforeScrape([this] { RefreshGauges(); });
}

void Hub::RefreshGauges() {
  const http::ConnectionCounts counts = server_->counts();
  const auto set = [this](const char* name, const char* help, double value) {
    registry_.AddGauge(name, help).Set(value);
  };
  set("millwright_hub_http_connections", "Open HTTP connections.",
      static_cast<double>(counts.open));
  set("millwright_hub_stream_clients", "Clients of the event stream.",
      static_cast<double>(counts.streams));
  set("millwright_hub_resident_bytes", "Resident memory.",
      static_cast<double>(os::ResidentBytes()));
  const auto total = [this](const char* name, const char* help, uint64_t now) {
    metrics::Counter& counter = registry_.AddCounter(name, help);
    counter.Add(now - counter.value());
  };
  total("millwright_hub_stream_clients_dropped_total", "Stream clients dropped for being slow.",
        counts.streams_dropped_slow);
  total("millwright_hub_http_refused_total", "Connections or streams refused at a limit.",
        counts.refused);

  fleet_metrics_->Scraped();
  if (delivery_) delivery_->Refresh(registry_);
  if (defender_) defender_->Refresh(registry_);
  if (identity_) identity_->Refresh(registry_);

  const auto reader = readers_->Take(500 * kMillisecond);
  if (!reader) return;
  if (notify_) HubNotify::Refresh(**reader, registry_);
  const Nanos heard_from = clock_.Utc() - config_.freshness.link_max();
  const auto gauge = [&](const char* name, const char* help) {
    return [this, name, help](const store::Row& row) {
      registry_.AddGauge(name, help).Set(static_cast<double>(row.Int(0)));
    };
  };
  Result<void> read = (*reader)->Each(
      "SELECT COUNT(*) FROM devices WHERE online = 1 AND last_seen_ns >= $1", {heard_from},
      gauge("millwright_hub_devices_online", "Gateways that are heard."));
  if (read)
    read = (*reader)->Each("SELECT COUNT(*) FROM devices", {},
                           gauge("millwright_hub_devices", "Gateways known."));
  if (read)
    read = (*reader)->Each("SELECT COUNT(*) FROM alarms WHERE cleared_ns IS NULL", {},
                           gauge("millwright_hub_alarms_open", "Alarms that are open."));
  if (const auto bytes = (*reader)->BytesUsed(); bytes)
    set("millwright_hub_database_bytes", "Bytes of the database in use.",
        static_cast<double>(*bytes));
  if (!read) log::Failure("metrics", read.error());
}

void Hub::Observe(const http::Exchange& exchange) {
  registry_
      .AddCounter(
          "millwright_hub_http_requests_total", "HTTP requests answered.",
          {{"code", std::to_string(exchange.status)}, {"route", std::string(exchange.route)}})
      .Add();
  registry_
      .AddHistogram("millwright_hub_http_seconds",
                    "From a request's arrival to its answer being ready.",
                    {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5})
      .Observe(Seconds(exchange.took));
}

}  // namespace millwright::hub
