// From scores to levels: the one decision rule that the agent, the trainer and every evaluation
// run, so that what was measured at training is what the gateway does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::model {

/// Values as wire::Level.
enum class Level : uint8_t { kNone = 0, kWatch = 1, kWarning = 2, kAct = 3 };

/// "none", "watch", "warning", "act".
[[nodiscard]] std::string_view Name(Level level);

struct DecisionLimits {
  double watch_from = 0.5;
  double warning_from = 0.7;
  double act_from = 0.9;
  int persistence = 8;  // a level holds when its limit was reached in `persistence` ...
  int of = 10;          // ... of the last `of` steps
  double clear_below = 0.35;
  int clear_after = 25;  // consecutive steps below clear_below until the level falls back to none
  // A fault is named where it has at least this share of what all faults have together over the
  // last `of` steps; else it is unknown. 0: the likeliest is always named.
  double name_from = 0;
};

/// 0 <= clear_below <= watch_from <= warning_from <= act_from <= 1, 1 <= persistence <= of <= 1000,
/// ...
[[nodiscard]] Result<void> CheckLimits(const DecisionLimits& limits);

struct Verdict {
  Level level = Level::kNone;
  bool changed = false;  // `level` differs from the previous step's
  // `level` is not none, was told with an unknown fault, and now the fault has a name: once an
  // alarm.
  bool named = false;
  // Class with the most probability over the last `of` steps, never the healthy one; -1: unknown.
  int fault = -1;
  float score = 0;              // 1 - p(healthy) of this step
  float fault_probability = 0;  // p(fault) of this step; 0 where the fault is unknown
};

/// Levels rise as soon as persistence allows and stay until they clear: one alarm, no flapping
/// between levels. Not thread-safe. No allocation after Make.
class DecisionRule {
 public:
  /// `healthy` is the index of the healthy class among `classes`. kInvalid names the limit that is
  /// wrong.
  [[nodiscard]] static Result<DecisionRule> Make(const DecisionLimits& limits, int classes,
                                                 int healthy);

  /// One scored step: class probabilities in the bundle's order, `classes` of them.
  Verdict Push(std::span<const float> probabilities);

  /// Forgets everything: after a stop, a repair or a gap longer than the model's window.
  void Reset();

  /// After a restart: goes on at the level that was open, whatever the pushed history says.
  void Restore(Level level) { level_ = level; }

  [[nodiscard]] Level level() const { return level_; }
  [[nodiscard]] const DecisionLimits& limits() const { return limits_; }

 private:
  DecisionRule(const DecisionLimits& limits, int classes, int healthy);
  void Remember(std::span<const float> probabilities, float score);
  [[nodiscard]] Level Reached() const;
  [[nodiscard]] int LikelyFault() const;

  DecisionLimits limits_;
  size_t classes_ = 0;
  size_t healthy_ = 0;
  std::vector<float> scores_;         // ring of the last `of` scores
  std::vector<float> probabilities_;  // ring [of x classes]
  std::vector<double> sums_;          // scratch [classes]
  size_t filled_ = 0;
  size_t next_ = 0;
  int below_ = 0;         // consecutive steps below clear_below
  bool unnamed_ = false;  // the level was last told with an unknown fault
  Level level_ = Level::kNone;
};

}  // namespace millwright::model
