// What a training run may be told, by train.toml and by flags. Everything has a default that
// follows from the data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "dsp/pipeline.h"
#include "model/decision_rule.h"
#include "model/manifest.h"
#include "trainer/learner.h"

namespace millwright::trainer {

/// How the decision limits come about.
enum class Tuning : uint8_t {
  kAuto,   // rows for data without fault codes, fixed for those with
  kFixed,  // the limits as they are configured
  kRows,   // those that give the smallest false-alarm plus missed-alarm rate on the validation runs
};

struct TrainOptions {
  std::string name = "model";
  std::string version = "1";
  uint64_t seed = 1;
  std::string parent{};  // digest of the bundle that this one follows; empty: none

  // Data.
  std::vector<std::string> channels{};  // only these; empty: all that every recording has
  std::vector<std::string> exclude{};   // never these
  std::vector<std::string> runs{};      // only recordings with these ids; empty: all
  double validation_share = 0.25;
  bool healthy_only = false;  // anomalies of the data teach nothing; see departures.h

  // Schema; what is absent is chosen by the data (schema_choice.h).
  std::optional<Nanos> step{}, sample_window{}, late_max{}, hold_max{};
  std::optional<int> steps{};
  std::optional<double> clip{}, speed_min_hz{};
  std::vector<dsp::FeatureSpec> features{};

  // Standardiser.
  std::optional<double> commissioning_s{};
  bool per_asset = true;
  // A deviation is at least this share of how far healthy steps of the training machines drift from
  // their commissioning.
  std::optional<double> floor_share{};

  // Learning; steps, features, classes and class weights are filled in later.
  LearnOptions learn{};
  size_t windows_max = 40'000;
  std::optional<int> folds{};  // nets that are cross-fitted and joined; 1: one net, one split

  // Decision.
  Tuning tuning = Tuning::kAuto;
  model::DecisionLimits decision{};
  std::optional<double> name_from{};  // absent: chosen on the validation runs (naming.h)

  // Names and actions of fault codes, over those that are known (fault_codes.h).
  std::vector<model::FaultClass> classes{};
};

/// Reads train.toml into `options`. kInvalid lists every fault with file, line and key.
[[nodiscard]] Result<void> ReadTrainConfig(std::string_view text, std::string_view file,
                                           TrainOptions& options);

}  // namespace millwright::trainer
