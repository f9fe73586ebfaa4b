// The feature table: every kind a schema may name, what it is computed from and which numbers it
// takes. docs/formats/features.md says the same for people; a test compares the two.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dsp/analyzer.h"
#include "dsp/bearing_features.h"
#include "dsp/pipeline.h"
#include "dsp/tracks.h"

namespace millwright::dsp {

inline constexpr size_t kParamsMax = 4;
using Params = std::array<double, kParamsMax>;

/// One number of a feature kind. A default of NaN means that the schema must give it, or that it
/// follows from the channel's rate (`lo_hz`, `hi_hz` of envelopes) or from the step (`window_s`).
struct ParamSpec {
  std::string_view name;
  double standard = 0;
  double min = 0;
  double max = 0;
};

/// What a sample feature sees: one analysed window, the speed at its end, the machine.
struct SampleView {
  const Analyzer& analyzer;
  const MachineSpec& machine;
  double speed_hz = 0;
  double to_m_s2 = 0;  // factor from the channel's unit; 0: the channel is no acceleration
  size_t band = 0;     // index of the feature's envelope band
  const BearingFeatures* bearing = nullptr;  // null where they are not asked for, or not known
};

/// What a reading feature keeps from step to step.
struct EmaState {
  double fast = 0;
  double slow = 0;
  double square = 0;  // ema_deviation: mean square distance from `fast`
  int count = 0;      // ema_deviation: steps, as long as they are fewer than the time constant
  Nanos last_ns = 0;
  bool started = false;
};
struct ReadingView {
  const ReadingTrack::Stats& stats;
  Nanos now_ns = 0;
  Nanos step = 0;
  EmaState& ema;
};

using SampleFunction = double (*)(const SampleView& view, const Params& params);
using ReadingFunction = double (*)(const ReadingView& view, const Params& params);

struct FeatureKind {
  std::string_view name;
  ChannelKind from = ChannelKind::kSamples;
  SampleFunction sample = nullptr;
  ReadingFunction reading = nullptr;
  std::array<ParamSpec, kParamsMax> params = {};
  bool needs_acceleration = false;       // the channel's unit must be one of acceleration
  bool needs_envelope = false;           // params 0 and 1 are its band, lo_hz and hi_hz
  double MachineSpec::*order = nullptr;  // must be known of the machine
  bool needs_bearing = false;            // all orders must be known, or follow from two of them
};

/// All kinds, samples first.
[[nodiscard]] std::span<const FeatureKind> FeatureKinds();

/// One feature of a schema, ready to run.
struct Feature {
  const FeatureKind* kind = nullptr;
  int channel = 0;
  Params params = {};
  size_t band = 0;
  Nanos window = 0;        // readings: how far back
  int log = 0;             // 1: signed ln(1 + |x|), 2: ln(max(x, 1e-9))
  double speed_power = 0;  // divided by (speed / nominal speed)^this
  EmaState ema;

  /// Applies `log` and `speed_power`.
  [[nodiscard]] float Finish(double value, double speed_ratio) const;
};

/// Checks one FeatureSpec against the table, its channel and the machine. The error names feature,
/// channel or parameter and, where a name is unknown, the nearest known one.
[[nodiscard]] Result<Feature> ResolveFeature(const FeatureSpec& spec, const Schema& schema,
                                             const MachineSpec& machine);

}  // namespace millwright::dsp
