#include "agent/models_link.h"

#include "agent/broker_options.h"
#include "agent/memory.h"
#include "core/log.h"

namespace millwright::agent {
namespace {

constexpr size_t kRootBytesMax = size_t{512} << 10;

mqtt::Options ModelsOptions(const Settings& settings) {
  mqtt::Options options = BrokerOptions(settings.uplink);
  options.client_id = "mw-models-" + settings.device.value();
  options.clean_session = true;  // jobs are asked for, blocks asked for again
  return options;
}

}  // namespace

ModelsLink::ModelsLink(const Parts& parts, Models models, const ClientFactory& make_client)
    : parts_(parts),
      slots_(std::move(models.slots)),
      configs_(std::move(models.configs)),
      base_(std::move(models.base)),
      loader_(base_, *slots_, *configs_, parts.files),
      client_(make_client(ModelsOptions(parts.settings))),
      notary_(parts.files, parts.clock, parts.settings.state_folder + "/trust"),
      host_(std::move(models.serving), parts.exchange, parts.wake_decider,
            [this](const SharedPlan& plan) { return MakeFreshCrew(plan); }),
      delivery_({.settings = parts.settings,
                 .slots = *slots_,
                 .configs = *configs_,
                 .loader = loader_,
                 .host = host_,
                 .notary = notary_,
                 .decider = parts.decider,
                 .files = parts.files,
                 .clock = parts.clock,
                 .phase = parts.phase},
                [this](const std::string& topic, std::span<const std::byte> payload) {
                  return client_->Publish(topic, payload, 1, false).has_value();
                }) {}

// Machines that begin to look now. Baselines are on disk, by schema; a machine without one learns.
Result<std::unique_ptr<Crew>> ModelsLink::MakeFreshCrew(const SharedPlan& plan) {
  std::vector<Restored> restored(plan->assets.size());
  for (size_t a = 0; a < restored.size(); ++a)
    if (auto baseline = LoadBaseline(*plan, a, parts_.files))
      restored[a].baseline = std::move(baseline->standardizer);
  return MakeCrew(plan, restored);
}

Result<void> ModelsLink::Start() {
  MW_TRY(const os::Bytes root,
         parts_.files.Read(parts_.settings.delivery.root_file, kRootBytesMax));
  MW_TRY(notary_.Trust(root));
  for (const std::string& filter : delivery_.Filters()) MW_TRY(client_->Subscribe(filter, 1));
  return client_->Start(*this);
}

void ModelsLink::OnConnected(bool /*session_present*/) { delivery_.OnConnected(); }

void ModelsLink::OnMessage(const mqtt::Message& message) {
  delivery_.OnMessage(message.topic, message.payload);
}

void ModelsLink::Reconnect() {
  reconnect_.store(true);
  Wake();
}

void ModelsLink::Work(Nanos wait_max) {
  if (reconnect_.exchange(false)) client_->Reconnect();
  client_->Poll(wait_max);
  delivery_.Work();
}

void ModelsLink::Stop() {
  for (slots::Slots* slots : {slots_.get(), configs_.get()})
    if (const auto ended = slots->EndRun(); !ended) log::Failure("models", ended.error());
  client_->Stop();
}

}  // namespace millwright::agent
