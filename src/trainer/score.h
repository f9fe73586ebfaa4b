// Judges decisions that were collected from a running gateway against the labels of the recordings
// it was played, beside the simple baselines on the same moments.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dsp/pipeline.h"
#include "recording/recording.h"
#include "trainer/detection.h"

namespace millwright::trainer {

struct CollectedDecision {
  Nanos step_end = 0;
  double score = 0;
  bool alarm = false;
};

/// By asset, in order of time.
using Decisions = std::map<std::string, std::vector<CollectedDecision>>;

/// CSV with a header naming asset, step_end_ns, score and alarm (in any order, others ignored).
/// kInvalid names the line.
[[nodiscard]] Result<Decisions> ReadDecisions(std::string_view csv, std::string_view file);

struct Scores {
  Detection model{}, t2{}, rms{}, always{};
  size_t runs = 0;
  size_t moments = 0;
  std::vector<std::string> notes{};
};

/// A run is judged at its own rows, from the end of its commissioning (or its first decision, if
/// later) to its end. A decision holds until the next one, at most `hold`; where there is none, the
/// model did not alarm.
[[nodiscard]] Result<Scores> ScoreDecisions(std::span<const recording::RecordingInfo> runs,
                                            const dsp::Schema& schema, Nanos commissioning,
                                            const Decisions& decisions, Nanos hold);

}  // namespace millwright::trainer
