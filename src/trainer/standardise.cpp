#include "trainer/standardise.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace millwright::trainer {
namespace {

struct Place {
  size_t series;
  size_t row;
};

// The first healthy, usable steps of one asset, over its recordings in order of time.
std::vector<Place> CommissioningSteps(std::span<const Series> all, std::span<const size_t> members,
                                      const StandardiserOptions& o) {
  const auto want =
      static_cast<size_t>(std::max<Nanos>(1, o.commissioning / std::max<Nanos>(1, o.step)));
  std::vector<Place> out;
  for (const size_t s : members) {
    const Series& series = all[s];
    for (size_t i = 0; i < series.size() && out.size() < want; ++i)
      if (series.usable[i] != 0 && series.labels[i] == 0) out.push_back({s, i});
  }
  return out;
}

std::map<std::string, std::vector<size_t>> ByAsset(std::span<const Series> series) {
  std::map<std::string, std::vector<size_t>> assets;
  for (size_t i = 0; i < series.size(); ++i) assets[series[i].asset].push_back(i);
  for (auto& [asset, members] : assets)
    std::ranges::stable_sort(members, {}, [&](size_t i) { return series[i].start_ns; });
  return assets;
}

// Mean and mean square per feature.
struct Moments {
  std::vector<double> sum, square;
  double count = 0;
  explicit Moments(size_t features) : sum(features), square(features) {}
  void Take(std::span<const float> row, std::span<const double> origin = {}) {
    for (size_t f = 0; f < sum.size(); ++f) {
      const double x = static_cast<double>(row[f]) - (origin.empty() ? 0 : origin[f]);
      sum[f] += x;
      square[f] += x * x;
    }
    count += 1;
  }
};

bool Healthy(const Series& s, size_t i) { return s.usable[i] != 0 && s.labels[i] == 0; }

// How far one asset's healthy steps lie from its commissioning mean: sums of squares.
Moments DriftOf(std::span<const Series> train, std::span<const size_t> members,
                const StandardiserOptions& o, size_t features) {
  Moments drift(features), first(features);
  for (const Place& p : CommissioningSteps(train, members, o))
    first.Take(train[p.series].row(p.row));
  if (first.count == 0) return drift;
  for (double& x : first.sum) x /= first.count;
  for (const size_t s : members)
    for (size_t i = 0; i < train[s].size(); ++i)
      if (Healthy(train[s], i)) drift.Take(train[s].row(i), first.sum);
  return drift;
}

// What a fair deviation has to cover: the root mean square of the drift, over all steps or of the
// median machine. Where some machines start and stop, their excursions would else make the others
// blind.
std::vector<double> HealthyDrift(std::span<const Series> train, const StandardiserOptions& o,
                                 size_t features) {
  std::vector<double> sum(features);
  std::vector<std::vector<double>> each(features);
  double count = 0;
  for (const auto& [asset, members] : ByAsset(train)) {
    const Moments drift = DriftOf(train, members, o, features);
    if (drift.count == 0) continue;
    count += drift.count;
    for (size_t f = 0; f < features; ++f) {
      sum[f] += drift.square[f];
      each[f].push_back(std::sqrt(drift.square[f] / drift.count));
    }
  }
  std::vector<double> out(features);
  for (size_t f = 0; f < features; ++f) {
    out[f] = std::sqrt(sum[f] / std::max(1.0, count));
    if (!o.median_floor || each[f].empty()) continue;
    const auto middle = each[f].begin() + static_cast<std::ptrdiff_t>(each[f].size() / 2);
    std::ranges::nth_element(each[f], middle);
    out[f] = *middle;
  }
  return out;
}

}  // namespace

Result<model::Manifest::Standardiser> LearnGlobal(std::span<const Series> train,
                                                  const StandardiserOptions& o) {
  if (train.empty()) return Fail(Errc::kInvalid, "trainer: no recording to train on");
  const size_t features = train.front().features;
  Moments all(features);
  for (const Series& s : train)
    for (size_t i = 0; i < s.size(); ++i)
      if (Healthy(s, i)) all.Take(s.row(i));
  if (all.count == 0)
    return Fail(
        Errc::kInvalid,
        "trainer: no healthy step: channels are missing, machines stand still, or all is labelled");
  const std::vector<double> spread = HealthyDrift(train, o, features);
  model::Manifest::Standardiser out{.per_asset = o.per_asset, .commissioning = o.commissioning};
  for (size_t f = 0; f < features; ++f) {
    const double mean = all.sum[f] / all.count;
    const double deviation = std::sqrt(std::max(0.0, all.square[f] / all.count - mean * mean));
    const double smallest = std::max(1e-6, 1e-4 * std::abs(mean));  // a feature that never varies
    out.mean.push_back(static_cast<float>(mean));
    out.deviation.push_back(static_cast<float>(std::max(deviation, smallest)));
    out.deviation_floor.push_back(
        static_cast<float>(std::max(o.floor_share * spread[f], smallest)));
    if (o.pooled.empty()) continue;
    out.deviation_pooled.push_back(
        o.pooled[f] == 0 ? 0 : static_cast<float>(std::max(spread[f], smallest)));
  }
  return out;
}

Result<void> Standardise(std::vector<Series>& series, const model::Manifest::Standardiser& global,
                         const StandardiserOptions& o, std::vector<std::string>& notes) {
  for (const auto& [asset, members] : ByAsset(series)) {
    dsp::Standardizer standardizer(global.mean, global.deviation);
    if (o.per_asset) {
      std::vector<float> rows;
      for (const Place& p : CommissioningSteps(series, members, o)) {
        const auto row = series[p.series].row(p.row);
        rows.insert(rows.end(), row.begin(), row.end());
        series[p.series].learning[p.row] = 1;
      }
      if (rows.empty()) {
        notes.push_back("asset " + asset +
                        ": no healthy step to commission on; the training set's mean stands in");
      } else {
        MW_TRY(standardizer,
               dsp::Standardizer::Learn(rows, global.mean.size(), global.deviation_floor,
                                        global.deviation_pooled));
      }
    }
    std::vector<float> row(global.mean.size());
    for (const size_t s : members) {
      for (size_t i = 0; i < series[s].size(); ++i) {
        standardizer.Apply(series[s].row(i), o.clip, row, o.log_squash);
        std::ranges::copy(row,
                          series[s].rows.begin() + static_cast<std::ptrdiff_t>(i * row.size()));
      }
    }
  }
  return {};
}

}  // namespace millwright::trainer
