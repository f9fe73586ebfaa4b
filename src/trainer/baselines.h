// The simple detectors that a model has to beat, on the same runs, the same channels and the same
// commissioning rows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "dsp/pipeline.h"
#include "recording/recording.h"
#include "trainer/detection.h"

namespace millwright::trainer {

/// A run as plain rows: raw readings where there are only readings, features where there are
/// samples.
struct RowTable {
  std::string run;
  size_t columns = 0;
  std::vector<Nanos> ts{};
  std::vector<float> rows{};  // [n x columns]
  std::vector<Truth> truth{};
  std::vector<size_t> vibration{};  // columns that say how strongly the machine shakes
  Nanos start_ns = 0;
  [[nodiscard]] size_t size() const { return ts.size(); }
};

/// Readings are held until the next one; a row per moment at which any channel spoke, once all
/// have.
[[nodiscard]] Result<RowTable> LoadRows(const recording::RecordingInfo& info,
                                        const dsp::Schema& schema);

struct BaselineOptions {
  int smooth = 5;                 // rows that are averaged
  double variance_share = 0.95;   // principal components kept by T2
  double limit_quantile = 0.999;  // of the commissioning rows
  double limit_factor = 2;        // T2's limit is this times that quantile
  double sigmas = 5;              // RMS threshold: mean + sigmas x deviation at commissioning
};

struct BaselineAlarms {
  std::vector<bool> always{}, rms{}, t2{};  // per row
};

/// Learns from the healthy rows before `learn_until` and judges all rows. kInvalid where fewer than
/// ten rows teach.
[[nodiscard]] Result<BaselineAlarms> RunBaselines(const RowTable& table, Nanos learn_until,
                                                  const BaselineOptions& options = {});

}  // namespace millwright::trainer
