// Data whose honest verdict is known beforehand: whoever reports skill there measures wrongly.
#pragma once

#include <cstddef>

#include "core/result.h"
#include "evaluation/outcome.h"
#include "evaluation/study.h"

namespace millwright::evaluation {

/// Worn tools of a milling machine: split by run, no method tells them. "No skill".
[[nodiscard]] Result<void> JudgeMill(const StudyContext& context, Outcome& out);

/// A gearbox with one healthy and one broken assembly: any method tells them, which proves nothing;
/// and the same windows with shuffled labels, on which none may.
[[nodiscard]] Result<void> JudgeGearbox(const StudyContext& context, Outcome& out);

/// Series without an anomaly: a model that was commissioned on their front stays silent.
[[nodiscard]] Result<void> JudgeSilence(const StudyContext& context, Outcome& out);

/// Chance of at least `right` heads in `n` throws of a fair coin.
[[nodiscard]] double AtLeastByChance(size_t right, size_t n);

}  // namespace millwright::evaluation
