#include "trainer/few_runs.h"

#include <algorithm>
#include <set>

#include "trainer/series.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

constexpr size_t kFaultyAssetsMin = 4;

size_t CountFaultyAssets(std::span<const RecordingInfo> recordings) {
  std::set<std::string> assets;
  for (const RecordingInfo& info : recordings)
    for (const recording::Label& label : info.labels)
      if (label.rating == recording::Rating::kAnomaly) assets.insert(AssetKey(info));
  return assets.size();
}

}  // namespace

bool EnoughForFolds(std::span<const RecordingInfo> recordings) {
  return CountFaultyAssets(recordings) >= kFaultyAssetsMin;
}

LearnOptions ForFewRuns(LearnOptions o) {
  const LearnOptions general;
  const auto prefer = [](auto& value, const auto standard, const auto few) {
    if (value == standard) value = few;
  };
  prefer(o.units, general.units, 16);
  prefer(o.epochs, general.epochs, 12);
  prefer(o.learning_rate, general.learning_rate, 3e-3);
  prefer(o.weight_decay, general.weight_decay, 1e-2);
  prefer(o.dropout, general.dropout, 0.3);
  prefer(o.input_noise, general.input_noise, 0.2);
  prefer(o.mirror, general.mirror, 0.3);
  return o;
}

// A long healthy run of another day outweighs all others: its drift hides their faults.
void LeaveOutHealthy(std::vector<RecordingInfo>& recordings, std::vector<std::string>& notes) {
  std::erase_if(recordings, [&](const RecordingInfo& r) {
    const bool healthy = std::ranges::none_of(r.labels, [](const recording::Label& label) {
      return label.rating == recording::Rating::kAnomaly;
    });
    if (healthy) notes.push_back("run " + r.id + " left out: it shows no fault");
    return healthy;
  });
}

Split KeepAll(std::span<const RecordingInfo> recordings) {
  Split split{.unit = "fold: each run with a fault is judged by a net that never saw it"};
  for (size_t i = 0; i < recordings.size(); ++i) {
    split.train.push_back(i);
    split.train_units.push_back(recordings[i].id);
  }
  return split;
}

}  // namespace millwright::trainer
