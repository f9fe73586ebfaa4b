// The whole training run: recordings in, a bundle's content and the figures of its report out.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/manifest.h"
#include "os/clock.h"
#include "recording/recording.h"
#include "trainer/learner.h"
#include "trainer/metrics.h"
#include "trainer/naming.h"
#include "trainer/options.h"
#include "trainer/replay.h"
#include "trainer/split.h"
#include "trainer/trial.h"

namespace millwright::trainer {

/// What a person watching sees; both may be empty.
struct Watcher {
  std::function<void(std::string_view stage, double share)> stage{};
  std::function<void(const Progress&)> epoch{};
};

/// Float against INT8 on the same windows.
struct Parity {
  double agreement = 0;  // share of windows with the same class
  double score_error_max = 0;
  double macro_f1_float = 0;
  double macro_f1_int8 = 0;
  double agreement_min = 0.99;
  double macro_f1_loss_max = 0.01;
  [[nodiscard]] bool ok() const {
    return agreement >= agreement_min && macro_f1_float - macro_f1_int8 <= macro_f1_loss_max;
  }
};

/// kInvalid with the figures where INT8 and float disagree too often.
[[nodiscard]] Result<void> CheckParity(const Parity& parity);

struct Trained {
  model::Manifest
      manifest{};  // complete but for the hashes of report files, which WriteBundle adds
  std::vector<std::byte> model_file{};
  std::vector<std::byte> golden{};

  // For the report.
  Split split{};
  std::vector<std::string> train_runs{}, validation_runs{}, notes{};
  std::vector<EpochRecord> history{};
  int best_epoch = 0;
  size_t train_windows = 0, validation_windows = 0;
  std::vector<size_t> class_windows{};  // of the training set
  ClassMetrics validation{};            // INT8
  double majority_accuracy = 0;         // of guessing the commonest class, on the same windows
  Detection detection{};                // decision rule over the validation runs
  int fault_named_right = 0;            // events found whose fault was named rightly at their end
  Naming naming{};                      // and when it is named at all
  Parity parity{};
  std::vector<ScoredRun> examples{};  // a few validation runs over time
  double load_s = 0, learn_s = 0;
  std::optional<SearchRecord> search{};  // where the options were searched for
};

/// kInvalid for data that cannot be learned from, or a model that fails the parity gate; the error
/// says what to change.
[[nodiscard]] Result<Trained> Train(std::vector<recording::RecordingInfo> recordings,
                                    const TrainOptions& options, const Learner& learner,
                                    os::Clock& clock, const std::string& code_version,
                                    const Watcher& watcher = {});

}  // namespace millwright::trainer
