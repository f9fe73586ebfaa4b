#include "hub_defender.h"

#include "os/process.h"

namespace millwright::hub {
namespace {

constexpr Nanos kListen = 200 * kMillisecond;

// Reports come again in their time: nothing waits at the broker while the hub is away.
mqtt::Options DefenderBroker(const HubConfig& config) {
  mqtt::Options options = config.broker;
  options.client_id += "-defender";
  options.clean_session = true;
  return options;
}

}  // namespace

Result<std::unique_ptr<HubDefender>> HubDefender::Make(const HubConfig& config, os::Clock& clock) {
  MW_TRY(auto database, store::Database::Open(config.database));
  std::unique_ptr<HubDefender> made(new HubDefender(config, std::move(database), clock));
  MW_TRY(made->defender_.Load());
  return made;
}

HubDefender::HubDefender(const HubConfig& config, std::unique_ptr<store::Database> database,
                         os::Clock& clock)
    : defender_(std::move(database), clock, config.defender.options),
      client_(mqtt::MakeClient(DefenderBroker(config))),
      link_(*client_, defender_, config.defender.prefix) {}

Result<void> HubDefender::Start() {
  MW_TRY(link_.Start());
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  return {};
}

void HubDefender::Run(const std::stop_token& stop) {
  os::NameThread("defender");
  while (!stop.stop_requested()) link_.Step(kListen);
  link_.Finish();
}

void HubDefender::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  client_->Wake();
  thread_.join();
}

void HubDefender::Refresh(metrics::Registry& registry) {
  const auto total = [&](const char* name, const char* help, const char* result, uint64_t now) {
    metrics::Counter& counter = registry.AddCounter(
        name, help, result == nullptr ? metrics::Labels() : metrics::Labels{{"result", result}});
    counter.Add(now - counter.value());
  };
  const DefenderCounts& counts = defender_.counts();
  const char* const reports = "millwright_defender_reports_total";
  const char* const about = "Device Defender reports of gateways, by what became of them.";
  total(reports, about, "accepted", counts.accepted);
  total(reports, about, "malformed", counts.malformed);
  total(reports, about, "throttled", counts.throttled);
  total(reports, about, "dropped", link_.dropped());
  total("millwright_defender_violations_total", "Violations that began.", nullptr, counts.begun);
  total("millwright_defender_violations_ended_total", "Violations that ended.", nullptr,
        counts.ended);
  const auto active = defender_.ActiveByProfile();
  if (!active) return;  // the database tells of itself
  for (const auto& [profile, number] : *active) profiles_told_.insert(profile);
  for (const std::string& profile : profiles_told_) {
    const auto found = active->find(profile);
    registry
        .AddGauge("millwright_defender_violations_active",
                  "Violations that have not ended, by security profile.", {{"profile", profile}})
        .Set(found == active->end() ? 0 : static_cast<double>(found->second));
  }
}

}  // namespace millwright::hub
