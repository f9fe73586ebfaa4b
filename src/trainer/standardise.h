// Commissioning, as the agent does it: each machine's own healthy baseline from the first stretch
// of its recordings.
#pragma once

#include <span>
#include <vector>

#include "core/result.h"
#include "model/manifest.h"
#include "trainer/series.h"

namespace millwright::trainer {

struct StandardiserOptions {
  Nanos step = 0;
  Nanos commissioning = 0;
  double clip = 8;
  bool per_asset = true;
  double floor_share = 0.5;
  bool median_floor = false;  // floors by the drift of the median machine, not of all steps
  bool log_squash = false;    // dsp::Schema::log_squash
  std::vector<int> pooled{};  // by feature: not 0, then its pooled deviation is mixed in
};

/// What the whole training set says about healthy steps: mean, deviation, and the floor under each
/// asset's deviation. kInvalid where no healthy step is usable.
[[nodiscard]] Result<model::Manifest::Standardiser> LearnGlobal(std::span<const Series> train,
                                                                const StandardiserOptions& options);

/// Marks each asset's commissioning steps as `learning`, learns its baseline from them and
/// standardises all of its rows in place. Only healthy, usable steps teach. An asset without any
/// takes the global mean and deviation; `notes` says so.
[[nodiscard]] Result<void> Standardise(std::vector<Series>& series,
                                       const model::Manifest::Standardiser& global,
                                       const StandardiserOptions& options,
                                       std::vector<std::string>& notes);

}  // namespace millwright::trainer
