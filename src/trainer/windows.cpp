#include "trainer/windows.h"

#include <algorithm>
#include <cmath>

namespace millwright::trainer {

Windows MakeWindows(std::span<const Series> all, int steps, Nanos step, float scale,
                    bool with_neutral) {
  Windows out;
  const auto length = static_cast<size_t>(steps);
  size_t base = 0;
  for (size_t s = 0; s < all.size(); ++s) {
    const Series& series = all[s];
    for (const float x : series.rows) out.rows.push_back(std::round(x / scale) * scale);
    size_t run = 0;  // usable steps without a hole, up to and including i
    for (size_t i = 0; i < series.size(); ++i) {
      const bool follows = i > 0 && series.end_ns[i] - series.end_ns[i - 1] == step;
      run = series.usable[i] == 0 ? 0 : follows ? run + 1 : 1;
      if (run < length || series.learning[i] != 0) continue;
      if (series.labels[i] == kNeutral && !with_neutral) continue;
      out.set.first.push_back(static_cast<uint32_t>(base + i + 1 - length));
      out.set.labels.push_back(series.labels[i]);
      out.places.push_back({static_cast<uint32_t>(s), static_cast<uint32_t>(i)});
    }
    base += series.size();
  }
  out.set.rows = out.rows;
  return out;
}

void Thin(Windows& windows, size_t limit) {
  const size_t stride = (windows.set.size() + limit - 1) / std::max<size_t>(1, limit);
  if (stride <= 1) return;
  size_t kept = 0;
  for (size_t i = 0; i < windows.set.size(); i += stride, ++kept) {
    windows.set.first[kept] = windows.set.first[i];
    windows.set.labels[kept] = windows.set.labels[i];
    windows.places[kept] = windows.places[i];
  }
  windows.set.first.resize(kept);
  windows.set.labels.resize(kept);
  windows.places.resize(kept);
}

tl::unexpected<Error> NoWindowOf(const std::string& code, int steps, Nanos step,
                                 double commissioning_s) {
  return Fail(Errc::kInvalid,
              "trainer: no training window shows \"" + code +
                  "\": its runs are too short for a window of " + std::to_string(steps) +
                  " steps of " + std::to_string(step / kMillisecond) +
                  " ms, lie within commissioning (" + std::to_string(commissioning_s) +
                  " s), miss channels, or are all held out");
}

std::vector<float> ClassWeights(std::span<const int> labels, int classes, double balance) {
  std::vector<double> counts(static_cast<size_t>(classes));
  for (const int label : labels)
    if (label >= 0) counts[static_cast<size_t>(label)] += 1;
  std::vector<float> weights(counts.size());
  double sum = 0, present = 0;
  for (size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    weights[c] = static_cast<float>(std::pow(counts[c], -balance));
    sum += static_cast<double>(weights[c]);
    present += 1;
  }
  for (float& w : weights)
    w = static_cast<float>(static_cast<double>(w) * present / std::max(sum, 1e-12));
  return weights;
}

}  // namespace millwright::trainer
