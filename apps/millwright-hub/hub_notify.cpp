#include "hub_notify.h"

#include <chrono>

#include "core/log.h"
#include "os/process.h"

namespace millwright::hub {
namespace {

constexpr Nanos kLookEvery = 500 * kMillisecond;

}  // namespace

Result<std::unique_ptr<HubNotify>> HubNotify::Make(const HubConfig& config, os::Clock& clock) {
  std::unique_ptr<HubNotify> made(new HubNotify());
  MW_TRY(made->sender_, notify::MakeSender(config.notify, made->files_));
  MW_TRY(auto database, store::Database::Open(config.database));
  MW_TRY(made->notifier_, notify::Notifier::Make({.database = std::move(database),
                                                  .options = config.notify,
                                                  .files = made->files_,
                                                  .zones = made->zones_,
                                                  .sender = *made->sender_,
                                                  .clock = clock}));
  return made;
}

void HubNotify::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void HubNotify::Run(const std::stop_token& stop) {
  os::NameThread("notify");
  while (!stop.stop_requested()) {
    notifier_->Step(stop);
    const MutexLock lock(idle_mutex_);
    idle_.wait_for(idle_mutex_, stop, std::chrono::nanoseconds(kLookEvery), [] { return false; });
  }
}

void HubNotify::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

OnVerdict HubNotify::VerdictTeller() {
  return [this](const VerdictAct& act) {
    using Word = notify::Verdict::Word;
    const Word word = act.state == VerificationState::kTruePositive ? Word::kConfirmed
                      : act.state == VerificationState::kUnknown    ? Word::kAcknowledged
                                                                    : Word::kRejected;
    for (const AlarmRef& alarm : act.alarms) {
      const auto told = notifier_->OnVerdict({.word = word,
                                              .device = alarm.device,
                                              .alarm_key = alarm.key,
                                              .who = act.act.who,
                                              .note = act.note});
      if (!told) log::Failure("notify", told.error());  // the verdict itself is kept
    }
  };
}

void HubNotify::Refresh(store::Database& reader, metrics::Registry& registry) {
  const auto counts = notify::CountDeliveries(reader);
  if (!counts) return;
  const auto set = [&](const char* state, int64_t value) {
    registry
        .AddGauge("millwright_hub_notifications", "Notifications that are kept, by state.",
                  {{"state", state}})
        .Set(static_cast<double>(value));
  };
  set("waiting", counts->waiting);
  set("sent", counts->sent);
  set("failed", counts->failed);
}

}  // namespace millwright::hub
