// Who trains and who is held out. The unit is a machine where there are several, else a run: never
// a window or a row.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "recording/recording.h"

namespace millwright::trainer {

struct Split {
  std::vector<size_t> train{};  // indices into the recordings
  std::vector<size_t> held_out{};
  std::string unit{};  // "group", "machine" or "run"
  std::vector<std::string> train_units{}, held_out_units{};
};

// What becomes of faults when each is in one unit only: all of them train (a class needs windows to
// learn from), or they share one stratum, so that what is held out shows faults to judge by.
enum class LoneFaults { kTrain, kShared };

/// Deterministic: units are sorted into strata of equal fault codes (and folder), ordered by the
/// hash of their name, and `share` of each stratum is held out, at least one where it has two.
/// Recordings without any label always train as healthy. Groups of dataset.toml ("train",
/// "validation", "test") override: "test" is in neither list. kInvalid where nothing would be left
/// on one side.
[[nodiscard]] Result<Split> SplitRecordings(std::span<const recording::RecordingInfo> recordings,
                                            double share,
                                            LoneFaults lone_faults = LoneFaults::kTrain);

/// The recordings with these ids, in the data set's order; kNotFound names the first unknown id and
/// the nearest.
[[nodiscard]] Result<std::vector<recording::RecordingInfo>> PickRuns(
    std::vector<recording::RecordingInfo> recordings, std::span<const std::string> ids);

}  // namespace millwright::trainer
