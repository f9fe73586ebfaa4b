// The pipeline behind dsp::Pipeline. Internal to this room; pipeline.cpp makes it from a checked
// schema.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "dsp/analyzer.h"
#include "dsp/features.h"
#include "dsp/pipeline.h"
#include "dsp/tracks.h"

namespace millwright::dsp {

inline constexpr int kStraysToRestart =
    3;  // items that agree on another time before the grid follows them

// One channel of either kind.
struct Channel {
  ChannelSpec spec;
  std::optional<ReadingTrack> readings;
  std::optional<SampleTrack> samples;
  std::optional<Analyzer> analyzer;
  bool analysed = false;                      // a feature looks at the analyzer
  std::optional<BearingDescriber> describer;  // where a feature needs it
  size_t window_samples = 0;
  Nanos block = 0;        // length of the latest block
  bool pacer = false;     // steps wait for its data; other channels are held
  bool constant = false;  // the latest window repeats one value
};

// The grid is anchored at the end of the first block (or at the first reading, where there are only
// readings). Sample channels pace it; without them the readings that come at least once a step do.
// A step closes when every pacer has reached its end and no other channel is overdue by more than a
// quarter of its period; at the latest when the data's own time has gone on by late_max.
class GridPipeline final : public Pipeline {
 public:
  GridPipeline(const Schema& schema, const MachineSpec& machine, std::vector<Feature> features,
               std::vector<Channel> channels);

  void PushReading(int channel, Nanos ts, float value) override;
  void PushBlock(int channel, Nanos ts, double rate_hz, std::span<const float> samples) override;
  [[nodiscard]] bool Pop(Step& out) override;
  void FollowGrid(Nanos end) override { followed_ = end; }
  [[nodiscard]] uint64_t late() const override { return late_; }
  [[nodiscard]] std::span<const float> Samples(int channel) const override;
  void Reset() override;

 private:
  struct PendingReading {
    int channel;
    Nanos ts;
    float value;
  };

  [[nodiscard]] Channel* Find(int channel, ChannelKind kind);
  [[nodiscard]] bool Admit(Nanos ts, const PendingReading* reading);
  void Anchor(Nanos end, bool by_block);
  void Restart();
  void Accept(int channel, Nanos ts, float value);
  void Advance(Nanos until);
  [[nodiscard]] bool Waits(const Channel& channel, Nanos end) const;
  void CloseStep();
  void RunSamples(Step& step, Nanos end);
  void RunReadings(Step& step, Nanos end);
  [[nodiscard]] float SpeedAt(Nanos end) const;
  [[nodiscard]] double SpeedOver(Nanos end) const;
  [[nodiscard]] const BearingFeatures* Describe(Channel& channel, std::span<const float> window,
                                                Nanos end);
  void Store(Step& step, size_t feature, double value, double speed_ratio);

  const Schema schema_;
  const MachineSpec machine_;
  std::vector<Feature> features_;
  std::vector<Channel> channels_;
  int speed_channel_ = -1;
  double speed_factor_ = 1;  // to Hz
  BearingOrders orders_;     // where a channel has a describer
  BearingFeatures described_ = {};
  Nanos tolerance_ = 0;      // how far before or after a grid point a pacer's datum counts as on it
  Nanos reading_slack_ = 0;  // readings this long after a step's end still belong to it

  bool anchored_ = false;
  bool anchored_by_block_ = false;
  bool closed_any_ = false;
  Nanos followed_ = 0;  // the end of a step of somebody else's grid, 0: none
  Nanos origin_ = 0;
  Nanos next_end_ = 0;
  Nanos now_ = 0;  // the latest time any channel has reached

  int strays_ = 0;
  Nanos stray_ts_ = 0;
  std::array<PendingReading, kStraysToRestart> pending_ = {};
  size_t pending_count_ = 0;

  std::vector<Step> ready_;
  size_t ready_first_ = 0;
  size_t ready_count_ = 0;
  uint64_t late_ = 0;
};

}  // namespace millwright::dsp
