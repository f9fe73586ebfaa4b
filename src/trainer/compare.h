// Two models on the same held-out runs, beside the simple methods that both have to beat.
#pragma once

#include <span>

#include "core/result.h"
#include "model/manifest.h"
#include "recording/recording.h"
#include "trainer/score.h"

namespace millwright::trainer {

struct Comparison {
  Scores live{}, candidate{};  // of the same moments; `t2`, `rms` and `always` are equal in both
  int runs_better = 0, runs_worse = 0;  // runs on which the candidate's error is less, or more
};

/// What both models are judged at.
struct JudgedRows {
  const dsp::Schema& schema;  // whose channels make the rows
  Nanos commissioning = 0;    // of each run: not judged
  Nanos hold = 0;             // a decision speaks no longer than this
};

/// The mean of `far` and `mar`, [0, 1]: a method that always alarms has one half, however rare
/// faults are. Where there are moments of one kind only, that kind's share.
[[nodiscard]] double BalancedError(const Detection& detection);

/// Both are judged from the moment on at which both have decided. kInvalid names a run for which
/// either never does.
[[nodiscard]] Result<Comparison> CompareDecisions(std::span<const recording::RecordingInfo> runs,
                                                  const JudgedRows& rows, Decisions live,
                                                  Decisions candidate);

/// Plays both bundles over the runs as gateways would, and compares what they decide. The longer
/// commissioning of the two holds for both.
[[nodiscard]] Result<Comparison> CompareBundles(const model::Bundle& live,
                                                const model::Bundle& candidate,
                                                std::span<const recording::RecordingInfo> runs);

}  // namespace millwright::trainer
