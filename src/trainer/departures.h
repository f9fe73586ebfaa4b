// Windows of machines that nobody ever saw: healthy ones, moved away from where healthy windows
// lie. An asset without a history of faults is guarded by a classifier that tells the two apart:
// the same net, engine and decision rule as for known faults. After "outlier exposure" (Hendrycks
// et al. 2019) with outliers that are made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "model/decision_rule.h"
#include "trainer/learner.h"
#include "trainer/windows.h"

namespace millwright::trainer {

/// How healthy steps scatter: deviation of each feature, and along each principal component.
struct HealthyShape {
  size_t features = 0;
  std::vector<double> deviation{};   // [features]
  std::vector<double> directions{};  // [features x features], one component a row
  std::vector<double> spread{};      // [features] deviation along each
};

/// From all steps of the windows. kInvalid where there are none.
[[nodiscard]] Result<HealthyShape> LearnShape(const WindowSet& windows, int steps, int features);

/// `count` windows [count x steps x features], each a healthy one that departs: a level, a slope or
/// the scatter of some features, or a shift along a principal component, which breaks how features
/// go together while each stays in its own range.
[[nodiscard]] std::vector<float> MakeDepartures(const WindowSet& healthy, const HealthyShape& shape,
                                                int steps, size_t count, uint64_t seed);

/// Appends departures to windows that are all healthy (class 0), as class 1, one a window and at
/// most `limit`; values are rounded to the grid of `scale`.
void AddDepartures(Windows& windows, const HealthyShape& shape, int steps, float scale,
                   size_t limit, uint64_t seed);

/// Turns odds on made departures, which are every second window, into those of a plant, where
/// faults are rare: lowers the anomaly's bias until healthy machines that did not train seldom
/// reach the limits under `rule`'s persistence. `whole` are all their windows, in order.
void LowerOdds(LstmNet& net, const Windows& whole, const WindowSet& departures,
               const model::DecisionLimits& rule);

/// Of each run's margins (logit of the anomaly less that of health, step by step) those that hold
/// under the persistence, and of all these the value that a share of `seldom` exceeds, with half
/// its distance from their median on top.
[[nodiscard]] double SeldomMargin(std::span<const std::vector<float>> margins,
                                  const model::DecisionLimits& rule, double seldom);

}  // namespace millwright::trainer
