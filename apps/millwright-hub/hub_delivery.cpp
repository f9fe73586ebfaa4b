#include "hub_delivery.h"

#include "core/log.h"
#include "os/process.h"

namespace millwright::hub {
namespace {

constexpr Nanos kWait = 200 * kMillisecond;

// Blocks are answers: what a gateway did not get it asks for again, so nothing waits at the broker.
mqtt::Options OptionsFor(const HubConfig& config) {
  mqtt::Options options = config.broker;
  options.client_id += "-delivery";
  options.clean_session = true;
  return options;
}

}  // namespace

Result<std::unique_ptr<HubDelivery>> HubDelivery::Make(const HubConfig& config, os::Clock& clock,
                                                       ChangeFeed& feed) {
  MW_TRY(std::unique_ptr<store::Database> database, store::Database::Open(config.database));
  return std::unique_ptr<HubDelivery>(new HubDelivery(config, std::move(database), clock, feed));
}

HubDelivery::HubDelivery(const HubConfig& config, std::unique_ptr<store::Database> database,
                         os::Clock& clock, ChangeFeed& feed)
    : releases_(files_, config.delivery.repository),
      rollouts_(std::move(database), releases_, clock,
                [&feed](const std::string& rollout) { feed.Add({.rollouts = {rollout}}); }),
      client_(mqtt::MakeClient(OptionsFor(config))),
      delivery_(*client_, rollouts_, clock, config.delivery.prefix) {}

Result<void> HubDelivery::Start() {
  MW_TRY(delivery_.Start());
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  return {};
}

void HubDelivery::Run(const std::stop_token& stop) {
  os::NameThread("delivery");
  while (!stop.stop_requested()) delivery_.Step(kWait);
  delivery_.Finish();
}

void HubDelivery::Stop() {
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
}

}  // namespace millwright::hub
