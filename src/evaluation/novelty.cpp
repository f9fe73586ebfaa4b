#include "evaluation/novelty.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace millwright::evaluation {
namespace {

constexpr size_t kReferenceMin = 50;
constexpr double kDeviations = 4;

float SquaredDistance(const float* a, const float* b, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

Table Thinned(const Table& all, size_t rows_max) {
  Table out{.columns = all.columns};
  const size_t n = std::min(all.size(), rows_max);
  for (size_t i = 0; i < n; ++i) {
    const auto row = all.Row(i * all.size() / n);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  return out;
}

// Of each row to the nearest other one.
std::vector<float> NearestFellow(const std::vector<float>& rows, size_t width) {
  const size_t n = rows.size() / width;
  std::vector<float> out(n, std::numeric_limits<float>::max());
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < i; ++j) {
      const float d = SquaredDistance(&rows[i * width], &rows[j * width], width);
      out[i] = std::min(out[i], d);
      out[j] = std::min(out[j], d);
    }
  return out;
}

}  // namespace

Result<NoveltyDrift> NoveltyDrift::Learn(const Table& reference, const NoveltyOptions& options) {
  if (reference.size() < kReferenceMin || reference.columns < options.components)
    return Fail(Errc::kInvalid, "evaluation: " + std::to_string(reference.size()) +
                                    " rows are too few for a reference of inputs");
  MW_TRY(LinearMap map, LearnWhitening(reference, static_cast<int>(options.components)));
  std::vector<float> rows = Scores(map, Thinned(reference, options.rows_max));
  std::vector<float> nearest = NearestFellow(rows, options.components);
  std::ranges::sort(nearest);
  const auto n = static_cast<double>(nearest.size());
  const auto at = static_cast<size_t>(std::ceil((1 - options.novel) * n)) - 1;
  const double healthy =
      options.novel + kDeviations * std::sqrt(options.novel * (1 - options.novel) / n);
  MW_TRY(drift::ErrorCusum cusum,
         drift::ErrorCusum::Make({.healthy = healthy,
                                  .drifted = std::max(options.drifted, 2 * healthy),
                                  .false_alarms_per_label = options.false_flags_per_row}));
  NoveltyDrift out(std::move(map), cusum);
  out.reference_ = std::move(rows);
  out.limit_ = std::sqrt(static_cast<double>(nearest[at]));
  out.healthy_ = healthy;
  return out;
}

bool NoveltyDrift::IsNovel(std::span<const float> row) const {
  const size_t width = map_.outputs;
  std::vector<double> exact(width);
  map_.Run(row, exact);
  const std::vector<float> here(exact.begin(), exact.end());
  const auto limit = static_cast<float>(limit_ * limit_);
  for (size_t i = 0; i < reference_.size(); i += width)
    if (SquaredDistance(here.data(), &reference_[i], width) <= limit) return false;
  return true;
}

std::vector<size_t> ChooseRepresentatives(const Table& pool, std::span<const double> weights,
                                          size_t count) {
  const size_t n = pool.size();
  MW_CHECK(weights.size() == n);
  std::vector<double> distance(n * n), nearest(n);
  double farthest = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      distance[i * n + j] = std::sqrt(static_cast<double>(
          SquaredDistance(pool.Row(i).data(), pool.Row(j).data(), pool.columns)));
      farthest = std::max(farthest, distance[i * n + j]);
    }
  std::ranges::fill(nearest, farthest);
  std::vector<size_t> out;
  std::vector<bool> taken(n);
  while (out.size() < std::min(count, n)) {
    size_t best = n;
    double most = -1;
    for (size_t j = 0; j < n; ++j) {
      if (taken[j]) continue;
      double gain = 0;
      for (size_t i = 0; i < n; ++i)
        gain += weights[i] * std::max(0.0, nearest[i] - distance[i * n + j]);
      if (gain > most) {
        most = gain;
        best = j;
      }
    }
    taken[best] = true;
    out.push_back(best);
    for (size_t i = 0; i < n; ++i) nearest[i] = std::min(nearest[i], distance[i * n + best]);
  }
  return out;
}

}  // namespace millwright::evaluation
