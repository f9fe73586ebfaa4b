// What a model's bundle says of itself: for people who compare two of them. Nothing here decides.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "model/manifest.h"
#include "model/pack.h"

namespace millwright::hub {

struct ReleaseDetail {
  Nanos created = 0;
  uint64_t model_bytes = 0;
  int steps = 0, features = 0;         // of the model's input; 0: a configuration
  std::vector<std::string> classes{};  // codes, in output order
  model::Manifest::Lineage lineage{};
  // From its report.json, in the order of kReleaseFigures; what it does not tell is absent.
  std::vector<std::pair<std::string, double>> figures{};
};

/// Figures that are worth comparing.
inline constexpr std::string_view kReleaseFigures[] = {"macro_f1",
                                                       "balanced_accuracy",
                                                       "pr_auc",
                                                       "calibration_error",
                                                       "far",
                                                       "mar",
                                                       "delay_s_median",
                                                       "events_total",
                                                       "events_found",
                                                       "events_named_right",
                                                       "parity_agreement"};

/// Of a model's pack, whose first file is the manifest. A report that cannot be read has no
/// figures.
[[nodiscard]] Result<ReleaseDetail> ReadDetail(std::span<const model::PackedFile> pack);

}  // namespace millwright::hub
