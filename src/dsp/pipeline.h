// From readings to model inputs: samples and readings of one machine go in as they arrive, one Step
// (a feature vector with its quality) comes out per step of the grid. The same code runs on the
// gateway, in the trainer and in back-tests, so that a model sees on the machine exactly what it
// was trained on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millwright::dsp {

enum class ChannelKind : uint8_t { kSamples, kReading };

struct ChannelSpec {
  std::string name;  // "vib", "temperature"
  std::string unit;  // "m/s2", "degC", "A", "rpm", "bar"
  ChannelKind kind = ChannelKind::kReading;
  double rate_hz = 1;  // samples: sampling rate; readings: nominal readings a second
};

/// What is known of the machine. Orders are multiples of shaft speed; 0: not known.
struct MachineSpec {
  double shaft_hz =
      0;  // nominal; a channel named "speed" (rpm or Hz by its unit) overrides it step by step
  double bpfo = 0, bpfi = 0, bsf = 0, ftf = 0;
  double rated_kw = 0;
};

/// One input of the model. `kind` is a key of the feature table (docs/formats/features.md),
/// `params` its numbers.
struct FeatureSpec {
  std::string name;     // unique, e.g. "vib.env_bpfo"
  std::string channel;  // which channel it is computed from
  std::string kind;  // "rms", "crest", "band_rms", "envelope_order", "mean", "ema_difference", ...
  std::map<std::string, double> params;
};

/// A bundle's feature schema: what the model is fed, in order.
struct Schema {
  std::vector<ChannelSpec> channels;
  std::vector<FeatureSpec> features;
  Nanos step = 200 * kMillisecond;           // one feature vector per step
  int steps = 16;                            // the model's window, in steps (T)
  Nanos sample_window = 640 * kMillisecond;  // sample features look back this far (>= step)
  Nanos late_max =
      500 * kMillisecond;  // how long a step waits for a late channel once others have gone on
  Nanos hold_max = 5 * kSecond;  // a reading is held this long; then the channel is missing
  double clip = 8;               // standardised features are clipped to [-clip, clip]
  double speed_min_hz = 0;       // below it the machine counts as stopped; 0: never
  // Then z becomes sign(z) log(1 + |z|): a far excursion stays far without outshouting all others,
  // and INT8 keeps its steps for what lies near.
  bool log_squash = false;
};

struct Step {
  Nanos end_ns = 0;       // the grid point that closes the step
  bool complete = false;  // every channel had data: the step may be scored
  bool stopped = false;   // below speed_min_hz
  uint32_t missing = 0;   // bit c: channel c had no data
  uint32_t stuck = 0;     // bit c: channel c repeats one value beyond belief
  float speed_hz = 0;
  std::vector<float> features;  // raw, physical units, one per FeatureSpec; 0 where missing
};

class Pipeline {
 public:
  /// kInvalid names the feature or channel that is wrong.
  [[nodiscard]] static Result<std::unique_ptr<Pipeline>> Make(const Schema& schema,
                                                              const MachineSpec& machine);
  virtual ~Pipeline() = default;

  /// Data in time order per channel; older than the last one of its channel is ignored and counted
  /// (`late()`). `channel` is the index in Schema::channels. No allocation.
  virtual void PushReading(int channel, Nanos ts, float value) = 0;
  virtual void PushBlock(int channel, Nanos ts, double rate_hz, std::span<const float> samples) = 0;

  /// Takes the next finished step; false where none is. `out.features` keeps its capacity: no
  /// allocation. A hole longer than hold_max restarts the grid after it (the caller sees end_ns
  /// jump).
  [[nodiscard]] virtual bool Pop(Step& out) = 0;

  /// Before any data: steps end at `end` and whole steps from there, as those of a pipeline do that
  /// has seen more.
  virtual void FollowGrid(Nanos end) = 0;
  [[nodiscard]] virtual uint64_t late() const = 0;
  /// The last sample_window of a samples channel, oldest first; empty before it has filled.
  [[nodiscard]] virtual std::span<const float> Samples(int channel) const = 0;
  virtual void Reset() = 0;
};

/// Per-asset standardisation: mean and deviation of each feature on healthy steps at commissioning,
/// with a floor under each deviation (many healthy features hardly vary).
class Standardizer {
 public:
  Standardizer() = default;
  Standardizer(std::vector<float> mean, std::vector<float> deviation);
  /// Learns from `rows` [n x features]; deviation floors come from the bundle. Where the bundle
  /// gives a pooled deviation above 0, the geometric mean of it and of the asset's own counts
  /// instead: a short commissioning knows its machine's restlessness only roughly. kInvalid for no
  /// rows.
  [[nodiscard]] static Result<Standardizer> Learn(std::span<const float> rows, size_t features,
                                                  std::span<const float> deviation_floor,
                                                  std::span<const float> deviation_pooled = {});
  /// out = clip((x - mean) / deviation), and its signed logarithm where asked for. No allocation.
  void Apply(std::span<const float> features, double clip, std::span<float> out,
             bool log_squash = false) const;
  [[nodiscard]] const std::vector<float>& mean() const { return mean_; }
  [[nodiscard]] const std::vector<float>& deviation() const { return deviation_; }

 private:
  std::vector<float> mean_;
  std::vector<float> deviation_;
};

}  // namespace millwright::dsp
