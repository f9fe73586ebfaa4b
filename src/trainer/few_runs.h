// Data sets of a few runs: whether folds make sense, who takes part, and how the nets learn.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "recording/recording.h"
#include "trainer/learner.h"
#include "trainer/split.h"

namespace millwright::trainer {

/// False where so few machines (or runs) show a fault that a fold would hold out too much of them.
[[nodiscard]] bool EnoughForFolds(std::span<const recording::RecordingInfo> recordings);

/// Few runs are soon learned by heart: small nets, much noise, few epochs. What train.toml sets to
/// anything but the general default stands.
[[nodiscard]] LearnOptions ForFewRuns(LearnOptions options);

/// Drops the runs without a fault; `notes` names them.
void LeaveOutHealthy(std::vector<recording::RecordingInfo>& recordings,
                     std::vector<std::string>& notes);

/// Cross-fitting: every recording teaches, and every one with a fault is held out once.
[[nodiscard]] Split KeepAll(std::span<const recording::RecordingInfo> recordings);

}  // namespace millwright::trainer
