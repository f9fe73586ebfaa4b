// One model's machines: what decides, or what watches. Made and ended by the models thread, used by
// the decision thread; handed over whole.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "agent/machine.h"
#include "agent/plan.h"

namespace millwright::agent {

struct Crew {
  std::shared_ptr<const Plan> plan;
  std::vector<std::unique_ptr<Machine>> machines;  // by asset
  Outcome scratch;                                 // as wide as this model's outcomes get
};

/// An outcome that any machine of the plan fills without allocating, coverage left out.
[[nodiscard]] Outcome WidestOutcome(const Plan& plan);

/// `restored` by asset.
[[nodiscard]] Result<std::unique_ptr<Crew>> MakeCrew(std::shared_ptr<const Plan> plan,
                                                     std::span<const Restored> restored);

}  // namespace millwright::agent
