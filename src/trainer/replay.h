// A trained model over whole runs, as the gateway plays it: score per step, the decision rule on
// top.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/decision_rule.h"
#include "trainer/detection.h"
#include "trainer/options.h"
#include "trainer/windows.h"

namespace millwright::trainer {

/// One run's scored steps: probabilities [n x classes] with their times and labels (kNeutral
/// included).
struct ScoredRun {
  std::string id;
  std::vector<Nanos> ts{};
  std::vector<int> labels{};
  std::vector<float> probabilities{};
  std::vector<model::Level> levels{};  // filled by ApplyRule
  std::vector<int> faults{};
};

/// Takes windows (made with_neutral) and their probabilities apart by series.
[[nodiscard]] std::vector<ScoredRun> SplitByRun(std::span<const Series> series,
                                                const Windows& windows,
                                                std::span<const float> probabilities,
                                                size_t classes);

/// At most `limit` runs to show: one of each fault first, then others.
[[nodiscard]] std::vector<ScoredRun> PickExamples(std::vector<ScoredRun> runs, size_t limit);

/// Plays `limits` over each run; the rule starts anew at a hole longer than `step`.
[[nodiscard]] Result<void> ApplyRule(std::vector<ScoredRun>& runs,
                                     const model::DecisionLimits& limits, int classes, Nanos step);

/// Alarm: level watch or above.
[[nodiscard]] Detection MeasureRuns(std::span<const ScoredRun> runs);

/// Limits for a net whose classes weighed the same in training: one half is then where false and
/// missed alarms cost the same. Each step speaks for itself: smoothed inputs need no persistence.
/// For joined nets, which are steadier than the single ones that judged the runs: what is tuned on
/// those does not fit the mean.
[[nodiscard]] model::DecisionLimits EvenLimits();

/// Tries a grid of limits on `runs` and returns those with the smallest far + mar; `base` where
/// none is better.
[[nodiscard]] Result<model::DecisionLimits> TuneLimits(std::vector<ScoredRun> runs,
                                                       const model::DecisionLimits& base,
                                                       int classes, Nanos step);

}  // namespace millwright::trainer
