#include "hub_delivery.h"

#include <chrono>
#include <random>

#include "core/log.h"
#include "os/process.h"

namespace millwright::hub {
namespace {

constexpr Nanos kWait = 200 * kMillisecond;
constexpr Nanos kKeepEvery = kSecond;

// Blocks are answers: what a gateway did not get it asks for again, so nothing waits at the broker.
mqtt::Options OptionsFor(const HubConfig& config) {
  mqtt::Options options = config.broker;
  options.client_id += "-delivery";
  options.clean_session = true;
  return options;
}

trust::KeeperOptions KeeperFor(const HubConfig& config) {
  const DeliveryConfig& delivery = config.delivery;
  return {.repository = delivery.repository,
          .key_folder = delivery.online_keys,
          .lock_file = trust::RepositoryLockPath(delivery.repository),
          .lifetimes = delivery.lifetimes,
          .seed = std::random_device()()};
}

}  // namespace

Result<std::unique_ptr<HubDelivery>> HubDelivery::Make(const HubConfig& config, os::Clock& clock,
                                                       ChangeFeed& feed) {
  Connections connections;
  MW_TRY(connections.rollouts, store::Database::Open(config.database));
  MW_TRY(connections.schedules, store::Database::Open(config.database));
  MW_TRY(connections.maintenance, store::Database::Open(config.database));
  std::unique_ptr<HubDelivery> made(new HubDelivery(config, std::move(connections), clock, feed));
  MW_TRY(made->maintenance_.Load());
  return made;
}

HubDelivery::HubDelivery(const HubConfig& config, Connections connections, os::Clock& clock,
                         ChangeFeed& feed)
    : clock_(clock),
      keeper_(files_, clock, KeeperFor(config)),
      releases_(files_, config.delivery.repository),
      zones_(files_),
      maintenance_(std::move(connections.maintenance), zones_, clock),
      rollouts_(
          std::move(connections.rollouts), releases_, clock,
          [&feed](const std::string& rollout) { feed.Add({.rollouts = {rollout}}); },
          &maintenance_),
      schedules_(std::move(connections.schedules), rollouts_, zones_, clock),
      client_(mqtt::MakeClient(OptionsFor(config))),
      delivery_(*client_, rollouts_, clock, config.delivery.prefix) {}

Result<void> HubDelivery::Start() {
  MW_TRY(delivery_.Start());
  keeper_thread_ = std::jthread([this](const std::stop_token& stop) { Keep(stop); });
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  return {};
}

void HubDelivery::Run(const std::stop_token& stop) {
  os::NameThread("delivery");
  while (!stop.stop_requested()) {
    delivery_.Step(kWait);
    schedules_.Step();
  }
  delivery_.Finish();
}

// Never on the thread that answers gateways: it reads whole documents and waits for the disk.
void HubDelivery::Keep(const std::stop_token& stop) {
  os::NameThread("trust");
  while (!stop.stop_requested()) {
    keeper_.Step();
    const MutexLock lock(idle_mutex_);
    idle_.wait_for(idle_mutex_, stop, std::chrono::nanoseconds(kKeepEvery), [] { return false; });
  }
}

void HubDelivery::Stop() {
  if (keeper_thread_.joinable()) {
    keeper_thread_.request_stop();
    keeper_thread_.join();
  }
  if (!thread_.joinable()) return;
  thread_.request_stop();
  client_->Wake();
  thread_.join();
}

void HubDelivery::Refresh(metrics::Registry& registry) const {
  const auto total = [&](const char* name, const char* help, uint64_t now) {
    metrics::Counter& counter = registry.AddCounter(name, help);
    counter.Add(now - counter.value());
  };
  const DeliveryCounts& counts = delivery_.counts();
  total("millwright_hub_delivery_requests_total", "Messages of gateways about jobs and files.",
        counts.requests);
  total("millwright_hub_delivery_blocks_total", "Blocks of files sent to gateways.", counts.blocks);
  total("millwright_hub_delivery_unsent_total",
        "Answers and blocks that the broker's connection did not take.", counts.unsent);
  registry
      .AddGauge("millwright_hub_delivery_connected", "1 while delivery is connected to the broker.")
      .Set(delivery_.connected() ? 1 : 0);
  RefreshTrust(registry);
}

void HubDelivery::RefreshTrust(metrics::Registry& registry) const {
  const trust::KeeperStatus known = keeper_.status();
  const trust::Seconds64 now = clock_.Utc() / kSecond;
  for (const auto& [role, expires] : known.expires)
    registry
        .AddGauge("millwright_trust_expires_seconds",
                  "Until the newest document of the role expires; negative: since it did.",
                  {{"role", role}})
        .Set(static_cast<double>(expires - now));
  const auto total = [&](const char* name, const char* help, uint64_t value) {
    metrics::Counter& counter = registry.AddCounter(name, help);
    counter.Add(value - counter.value());
  };
  total("millwright_trust_renewals_total", "Times that this hub signed timestamp or snapshot.",
        known.renewals);
  total("millwright_trust_failures_total", "Times that it could not look or sign.", known.failures);
}

}  // namespace millwright::hub
