// Which inputs a model gets when nobody says so: vibration features where machines are sampled,
// smoothed levels and fast-minus-slow differences where there are only readings.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "dsp/pipeline.h"
#include "recording/recording.h"
#include "trainer/options.h"

namespace millwright::trainer {

struct SchemaChoice {
  dsp::Schema schema;
  double commissioning_s = 20;
  double floor_share = 0.5;          // see TrainOptions::floor_share
  std::vector<int> pooled{};         // by feature, see StandardiserOptions::pooled
  int folds = 1;                     // > 1: that many nets are cross-fitted (cross_fit.h)
  bool sampled = false;              // has a vibration channel
  std::vector<std::string> notes{};  // what was left out and why, for the report
};

/// Channels that every recording has, minus options.exclude. kInvalid where none is left or a
/// configured channel is missing; the error names the recording.
[[nodiscard]] Result<SchemaChoice> ChooseSchema(
    std::span<const recording::RecordingInfo> recordings, const TrainOptions& options);

/// Which features may be turned upside down together when a net trains: the levels of one channel
/// (its index), so that a fault is known by how far a channel moves, not only by the way it went in
/// the few runs that showed it. -1: never: spectra and deviations have
/// no mirror image.
[[nodiscard]] std::vector<int> MirrorGroups(const dsp::Schema& schema);

/// The schema for one recording: same features, its own channel rates.
[[nodiscard]] dsp::Schema SchemaFor(const dsp::Schema& schema,
                                    const recording::RecordingInfo& recording);

}  // namespace millwright::trainer
