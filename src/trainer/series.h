// A recording as the gateway sees it: one feature vector per step, made by the same dsp::Pipeline,
// with the label that held at the step's end.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "dsp/pipeline.h"
#include "recording/recording.h"

namespace millwright::trainer {

inline constexpr int kNeutral = -1;  // label of a step that takes no part in training and scoring

struct Series {
  std::string id;     // of the recording
  std::string asset;  // site/asset, or the recording's id where it names none
  std::string group;  // from dataset.toml
  Nanos start_ns = 0;
  size_t features = 0;
  std::vector<Nanos> end_ns{};      // [n]
  std::vector<float> rows{};        // [n x features], raw until Standardise
  std::vector<int> labels{};        // [n] class index or kNeutral
  std::vector<uint8_t> usable{};    // [n] complete and not stopped
  std::vector<uint8_t> learning{};  // [n] within commissioning: learned from, not scored
  bool labelled = true;
  [[nodiscard]] size_t size() const { return end_ns.size(); }
  [[nodiscard]] std::span<const float> row(size_t i) const {
    return std::span(rows).subspan(i * features, features);
  }
};

/// Class codes in output order: healthy first, then known codes in their usual order, then others
/// by name.
[[nodiscard]] std::vector<std::string> CollectClasses(
    std::span<const recording::RecordingInfo> recordings);

/// Runs one recording through the pipeline. kInvalid names recording and channel.
[[nodiscard]] Result<Series> LoadSeries(const recording::RecordingInfo& info,
                                        const dsp::Schema& schema,
                                        std::span<const std::string> classes);

/// "site/asset"; the recording's id where the recording names no asset.
[[nodiscard]] std::string AssetKey(const recording::RecordingInfo& info);

}  // namespace millwright::trainer
