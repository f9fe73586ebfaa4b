#include "component.h"

#include "core/log.h"
#include "slots/table.h"

namespace millwright {
namespace {

constexpr Nanos kLastWordMax = 5 * kSecond;
constexpr Nanos kStuckAfter = 30 * kSecond;

}  // namespace

Result<ComponentSide> ComponentSide::Open(const std::string& models_from,
                                          const agent::Settings& settings, os::Files& files,
                                          os::Clock& clock) {
  ComponentSide side(files, clock);
  const auto nucleus = greengrass::NucleusOfEnvironment();
  if (!nucleus && models_from.empty()) return side;
  if (!nucleus)
    return Fail(Errc::kInvalid,
                "agent: --models-from: no Greengrass nucleus started this process "
                "(SVCUID and the socket's path are not set)");
  side.thing_ = settings.device.value();
  side.prefix_ = settings.delivery.prefix;
  side.takes_models_ = !models_from.empty();
  if (side.takes_models_ && !settings.delivery.enabled)
    log::Warning("greengrass", "models of the component are not taken: delivery is off",
                 {{"fix", "[delivery] enabled = true, and root"}});
  side.service_ = std::make_unique<greengrass::Service>(*nucleus, models_from, side.thing_, clock);
  return side;
}

// The connection that asks for models leads to the component's folder; all others are MQTT.
agent::ClientFactory ComponentSide::Clients() {
  if (!service_ || !takes_models_) return &mqtt::MakeClient;
  return [this](mqtt::Options options) -> std::unique_ptr<mqtt::Client> {
    if (!options.client_id.starts_with("mw-models-")) return mqtt::MakeClient(std::move(options));
    return std::make_unique<greengrass::ReleaseClient>(
        greengrass::ReleaseClientOptions{.prefix = prefix_, .thing = thing_}, *files_, *clock_,
        service_->watch(),
        [service = service_.get()](const jobs::Execution& e) { service->Report(e); });
  };
}

void ComponentSide::Failed() {
  if (!service_) return;
  service_->SetState(greengrass::ComponentState::kErrored);
  service_->Finish(kLastWordMax);
}

void ComponentSide::Running() {
  if (!service_) return;
  moved_at_ = clock_->Monotonic();
  service_->SetState(greengrass::ComponentState::kRunning);
}

// A process that runs and no longer decides is to be started anew; the nucleus does that to a
// component in error.
void ComponentSide::Tell(const agent::AgentFigures& figures) {
  if (!service_) return;
  const Nanos now = clock_->Monotonic();
  if (watchdog_.Feeds(figures, now)) moved_at_ = now;
  service_->SetState(now - moved_at_ < kStuckAfter ? greengrass::ComponentState::kRunning
                                                   : greengrass::ComponentState::kErrored);
  const bool trial = figures.update != slots::Phase::kIdle;
  service_->SetBusy(trial ? "a new model is on its way: " + std::string(slots::Name(figures.update))
                          : "");
}

}  // namespace millwright
