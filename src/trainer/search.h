// Hyper-parameters within a budget of time: random search (Bergstra and Bengio 2012) with the
// median stopping rule, and a judge that the search never saw.
#pragma once

#include "core/result.h"
#include "os/clock.h"
#include "recording/recording.h"
#include "trainer/train.h"

namespace millwright::trainer {

struct SearchOptions {
  TrainOptions base{};  // the first trial as it is; the others vary its learning and its window
  Nanos budget = 20 * 60 * kSecond;
  int trials_max = 1000;
  double judge_share = 0.2;  // of the units (or the group "test" of dataset.toml)
};

/// Trains again and again until the budget is spent; gives the trial with the best macro F1 on the
/// held-out side, the smallest of those within 0.002 of it, with Trained::search filled in. The
/// first trial always ends, whatever the budget. Deterministic for a seed and the same number of
/// trials. Errors: the first trial's, where none gave a model.
[[nodiscard]] Result<Trained> Search(std::vector<recording::RecordingInfo> recordings,
                                     const SearchOptions& options, const Learner& learner,
                                     os::Clock& clock, const std::string& code_version,
                                     const Watcher& watcher = {});

}  // namespace millwright::trainer
