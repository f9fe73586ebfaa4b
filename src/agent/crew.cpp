#include "agent/crew.h"

#include <algorithm>

namespace millwright::agent {

Outcome WidestOutcome(const Plan& plan) {
  Outcome out;
  size_t signals = 0;
  for (const AssetPlan& asset : plan.assets) signals = std::max(signals, asset.signals.size());
  out.signals.reserve(signals);
  out.probabilities.reserve(plan.manifest.classes.size());
  out.window.reserve(plan.engine->input().elements());
  return out;
}

Result<std::unique_ptr<Crew>> MakeCrew(std::shared_ptr<const Plan> plan,
                                       std::span<const Restored> restored) {
  auto crew = std::make_unique<Crew>();
  for (size_t a = 0; a < plan->assets.size(); ++a) {
    MW_TRY(auto machine, Machine::Make(plan, a, restored[a]));
    crew->machines.push_back(std::move(machine));
  }
  crew->scratch = WidestOutcome(*plan);
  crew->scratch.extents.reserve(Coverage::kExtentsMax + kChannelsPerAssetMax);
  crew->scratch.holes.reserve(Coverage::kExtentsMax + kChannelsPerAssetMax);
  crew->plan = std::move(plan);
  return crew;
}

}  // namespace millwright::agent
