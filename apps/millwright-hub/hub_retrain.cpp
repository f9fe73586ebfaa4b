#include "hub_retrain.h"

#include <chrono>

#include "core/log.h"
#include "os/process.h"
#include "store/database.h"

namespace millwright::hub {
namespace {

constexpr Nanos kRetrainLookEvery = 300 * kMillisecond;
constexpr int64_t kRolloutsLookedAt = 200;

// A kill may have come between the rollout's start and the job's end.
Result<std::string> KnownRollout(store::Database& database, const std::string& target) {
  MW_TRY(const auto rollouts, LoadRollouts(database, kRolloutsLookedAt));
  for (const Rollout& rollout : rollouts)
    if (rollout.release.target == target) return rollout.id;
  return std::string();
}

Result<std::string> StartRollout(Rollouts& rollouts, store::Database& database,
                                 const RolloutPolicy& policy, const std::string& bundle) {
  MW_TRY(const auto offers, rollouts.Offers());
  for (const ReleaseInfo& offer : offers) {
    if (offer.digest != bundle) continue;
    MW_TRY(const std::string known, KnownRollout(database, offer.target));
    if (!known.empty()) return known;
    const auto view = rollouts.Start({.target = offer.target, .policy = policy, .who = "retrain"});
    // "There is no gateway" must not read as "there is no release".
    if (!view) return Fail(Errc::kConflict, view.error().what);
    return view->rollout.id;
  }
  return Fail(Errc::kNotFound, "the repository offers no release of the new bundle " + bundle);
}

}  // namespace

Result<std::unique_ptr<HubRetrain>> HubRetrain::Make(const HubConfig& config, os::Clock& clock,
                                                     Rollouts& rollouts,
                                                     const std::string& version) {
  std::unique_ptr<HubRetrain> made(new HubRetrain());
  made->options_ = config.retrain;
  made->options_.code_version = version;
  MW_TRY(const RolloutPolicy policy, ReadPolicy(config.retrain.rollout));
  MW_TRY(auto database, store::Database::Open(config.database));
  MW_TRY(made->reader_, store::Database::Open(config.database, {.read_only = true}));
  made->retrains_ = std::make_unique<retrain::Retrains>(std::move(database), clock);
  made->loop_ = std::make_unique<retrain::Loop>(
      *made->retrains_, clock, made->options_,
      [&rollouts, &reader = *made->reader_, policy](const std::string& bundle) {
        return StartRollout(rollouts, reader, policy, bundle);
      });
  return made;
}

void HubRetrain::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void HubRetrain::Run(const std::stop_token& stop) {
  os::NameThread("retrain");
  while (!stop.stop_requested()) {
    if (const auto done = loop_->Step(); !done) log::Failure("retrain", done.error());
    const MutexLock lock(idle_mutex_);
    idle_.wait_for(idle_mutex_, stop, std::chrono::nanoseconds(kRetrainLookEvery),
                   [] { return false; });
  }
  loop_->Stop();
}

void HubRetrain::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace millwright::hub
