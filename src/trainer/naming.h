// When an alarm names its fault and when it says "unknown": a wrong name sends people to the wrong
// part of a machine.
#pragma once

#include <limits>
#include <optional>
#include <span>

#include "core/result.h"
#include "model/decision_rule.h"
#include "trainer/replay.h"

namespace millwright::trainer {

/// Shares are of alarmed moments within events, each event weighing the same; NaN without any.
struct Naming {
  double name_from = 0;
  double named = std::numeric_limits<double>::quiet_NaN();         // share that has a name
  double right = std::numeric_limits<double>::quiet_NaN();         // share of those
  double right_always = std::numeric_limits<double>::quiet_NaN();  // with name_from = 0
};

/// The largest limit that costs one in twenty of the right names at most: a fault that the model
/// never learned seldom has so clear a winner. Beyond it where nine in ten names would not be
/// right, as long as three in ten moments are named. `fixed` is taken as it is. Two classes need no
/// name: 0. `runs` are left as they came.
[[nodiscard]] Result<Naming> ChooseNaming(std::span<const ScoredRun> runs,
                                          const model::DecisionLimits& limits, int classes,
                                          Nanos step, std::optional<double> fixed = {});

}  // namespace millwright::trainer
