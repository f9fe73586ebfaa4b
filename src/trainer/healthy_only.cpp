#include "trainer/healthy_only.h"

#include <algorithm>
#include <cmath>

namespace millwright::trainer {
namespace {

constexpr size_t kRounds = 3;  // of held out blocks

template <typename Wanted>
Series Part(const Series& all, std::string id, const Wanted& wanted) {
  Series out{.id = std::move(id),
             .asset = all.asset,
             .group = all.group,
             .start_ns = all.start_ns,
             .features = all.features,
             .labelled = all.labelled};
  for (size_t i = 0; i < all.size(); ++i) {
    if (!wanted(i)) continue;
    out.end_ns.push_back(all.end_ns[i]);
    out.rows.insert(out.rows.end(), all.row(i).begin(), all.row(i).end());
    out.labels.push_back(all.labels[i]);
    out.usable.push_back(all.usable[i]);
    out.learning.push_back(all.learning[i]);
  }
  return out;
}

}  // namespace

void NeutraliseAnomalies(std::vector<recording::RecordingInfo>& recordings) {
  for (recording::RecordingInfo& info : recordings)
    for (recording::Label& label : info.labels)
      if (label.rating == recording::Rating::kAnomaly) label.rating = recording::Rating::kNeutral;
}

Series HoldOutBlocks(Series& series, double share, Nanos commissioning) {
  const size_t n = series.size();
  const auto learned = static_cast<size_t>(
      std::ranges::find_if(series.end_ns,
                           [&](Nanos t) { return t > series.start_ns + commissioning; }) -
      series.end_ns.begin());
  const auto period = static_cast<size_t>(std::max(2.0, std::round(1 / share)));
  const size_t block = std::max<size_t>(1, (n - learned) / (kRounds * period));
  const auto held = [&](size_t i) {
    return i >= learned && (i - learned) / block % period == period - 1;
  };
  Series kept = Part(series, series.id, [&](size_t i) { return !held(i); });
  Series out = Part(series, series.id + " (blocks held out)", held);
  series = std::move(kept);
  return out;
}

}  // namespace millwright::trainer
