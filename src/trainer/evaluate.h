// A finished bundle on other recordings, offline: the same pipeline, baseline learning, engine and
// decision rule as on the gateway, as fast as the machine allows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/manifest.h"
#include "recording/recording.h"
#include "trainer/metrics.h"
#include "trainer/replay.h"

namespace millwright::trainer {

struct Evaluation {
  std::vector<ScoredRun> runs{};
  Detection detection{};
  ClassMetrics windows{};  // over steps whose label the model knows
  int healthy_runs = 0;    // without any anomalous or neutral step
  int healthy_runs_alarmed = 0;
  int events_named_right = 0;
  std::vector<std::string> notes{};
};

/// Labels whose fault the model has no class for count as anomalies of its last class in detection
/// and not at all in the window figures; `notes` names them.
[[nodiscard]] Result<Evaluation> EvaluateBundle(
    const model::Bundle& bundle, std::span<const recording::RecordingInfo> recordings);

/// Events whose fault is named rightly at their last anomalous step.
[[nodiscard]] int CountNamed(std::span<const ScoredRun> runs);

}  // namespace millwright::trainer
