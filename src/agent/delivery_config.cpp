// How a configuration proves itself on probation.
#include <algorithm>

#include "agent/delivery.h"

namespace millwright::agent {
namespace {

using slots::TrialVerdict;

constexpr Nanos kBlindMin = 10 * kSecond;

}  // namespace

// Whether, for long, a machine cannot be decided about under the new configuration and could be
// under the one before: a range or a rate that its sensor does not keep, a channel out of use. A
// new crew has to fill its windows first, and slow channels have to speak.
bool Delivery::Blinds() const {
  if (kind_ != Kind::kConfig || !candidate_) return false;
  Nanos limit = kBlindMin;
  for (const AssetPlan& asset : candidate_->assets) {
    Nanos slowest = asset.schema.step * asset.schema.steps + asset.schema.hold_max;
    for (const Nanos period : asset.periods) slowest = std::max(slowest, 2 * period);
    limit = std::max(limit, 2 * slowest);
  }
  return blind_s_ * kSecond >= limit;
}

// A configuration is not compared with the one before: what it changes is meant to change. It must
// only keep every machine decided about, in time, for as long as a model is tried.
TrialVerdict Delivery::TryConfig() {
  world_.host.DropPairs();
  const Nanos now = world_.clock.Monotonic();
  const uint64_t decisions = world_.decider.decisions.load(std::memory_order_relaxed);
  if (tried_from_ == 0) {
    tried_from_ = std::max<Nanos>(now, 1);
    tried_decisions_ = decisions;
  }
  if (Blinds()) return TrialVerdict::kWorse;
  const slots::TrialOptions options = TrialSettings();
  const auto windows = static_cast<int64_t>(decisions - tried_decisions_);
  ReportProgress("probation", std::to_string(windows));
  const bool enough = windows >= options.windows_min && now - tried_from_ >= options.time_min;
  return enough ? TrialVerdict::kPassed : TrialVerdict::kGoOn;
}

std::string Delivery::TrialReason() const {
  if (trial_) return trial_->reason();
  if (Blinds()) return blinded_ + " is unknown under it, and is not under the one before";
  const uint64_t decisions = world_.decider.decisions.load(std::memory_order_relaxed);
  return std::to_string(decisions - tried_decisions_) + " windows, every machine decided about";
}

}  // namespace millwright::agent
