#include "evaluation/bearing_score.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "trainer/metrics.h"

namespace millwright::evaluation {

double Auroc(std::span<const float> scores, const std::vector<bool>& positive) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return scores[i]; });
  double ranks = 0, positives = 0;
  for (size_t from = 0; from < order.size();) {
    size_t to = from;
    while (to < order.size() && scores[order[to]] == scores[order[from]]) ++to;
    const double rank = (static_cast<double>(from + to) + 1) / 2;  // of each of these equals
    for (size_t i = from; i < to; ++i) {
      if (!positive[order[i]]) continue;
      ranks += rank;
      positives += 1;
    }
    from = to;
  }
  const double negatives = static_cast<double>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nan("");
  return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

BearingScore ScoreBearing(std::span<const float> probabilities, std::span<const int> labels,
                          int classes) {
  const auto width = static_cast<size_t>(classes);
  std::vector<double> counts(width * width);
  std::vector<size_t> known;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    known.push_back(i);
    const int guess = trainer::ArgMax(probabilities.subspan(i * width, width));
    counts[static_cast<size_t>(labels[i]) * width + static_cast<size_t>(guess)] += 1;
  }
  BearingScore out;
  for (int c = 0; c < classes; ++c)
    if (std::ranges::any_of(known, [&](size_t i) { return labels[i] == c; }))
      out.present.push_back(c);
  double recalls = 0, areas = 0, right_columns = 0;
  for (const int c : out.present) {
    const std::span<const double> row(&counts[static_cast<size_t>(c) * width], width);
    recalls += row[static_cast<size_t>(c)] / std::accumulate(row.begin(), row.end(), 0.0);
    for (const int guess : out.present) {
      out.confusion.push_back(row[static_cast<size_t>(guess)]);
      right_columns += out.confusion.back();
    }
    std::vector<float> scores;
    std::vector<bool> positive;
    for (const size_t i : known) {
      scores.push_back(probabilities[i * width + static_cast<size_t>(c)]);
      positive.push_back(labels[i] == c);
    }
    areas += Auroc(scores, positive);
  }
  const auto n = static_cast<double>(out.present.size());
  out.elsewhere = known.size() - static_cast<size_t>(right_columns);
  out.balanced_accuracy = n > 0 ? recalls / n : std::nan("");
  out.macro_auroc = n > 0 ? areas / n : std::nan("");
  return out;
}

}  // namespace millwright::evaluation
