// SKAB's runs as rows of features, and the simple detectors on the same rows. A run's first rows
// commission it; no row looks ahead or knows its number.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/read_skab.h"
#include "evaluation/samples.h"
#include "trainer/detection.h"

namespace millwright::evaluation::skab {

inline constexpr size_t kChannelCount = 6;
inline constexpr size_t kFeatures = 3 * kChannelCount;  // fast, slow, slow minus slowest
inline constexpr size_t kCommissioning = 400;           // rows at most, about as many seconds
inline constexpr size_t kScoredFrom = 100;              // the rows before are not judged
inline constexpr size_t kSettled = 10;  // rows until the means over time have settled
inline constexpr size_t kPhases = 2;    // a step of a window is so many rows
inline constexpr int kSteps = 25;

struct PumpRun {
  std::string name;
  bool labelled = false;
  size_t commissioned = 0;  // rows at the front that commission it: known to be healthy
  std::vector<int> truth{};
  std::vector<float> features{};  // [rows x kFeatures]
  [[nodiscard]] size_t rows() const { return truth.size(); }
};

/// `train` first, then `test`. What deviations are usual is learned from the training runs.
/// kInvalid names a run that is too short or lacks a channel.
[[nodiscard]] Result<std::vector<PumpRun>> LoadRuns(const std::vector<SkabRun>& train,
                                                    const std::vector<SkabRun>& test);

/// All runs as windows; group: the run. Rows of one phase follow one another in the table.
[[nodiscard]] Samples MakeWindows(std::span<const PumpRun> runs);

/// Scores of every row: the larger of two vibrations, and Hotelling's T2 over the fast features
/// with mean and covariance of the rows before kScoredFrom.
[[nodiscard]] std::vector<double> RmsScores(const PumpRun& run);
[[nodiscard]] std::vector<double> T2Scores(const PumpRun& run);

/// An alarm where the score is above twice the largest at commissioning.
[[nodiscard]] trainer::Verdicts Verdict(const PumpRun& run, const std::vector<double>& scores);

}  // namespace millwright::evaluation::skab
