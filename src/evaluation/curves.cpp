#include "evaluation/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace millwright::evaluation {
namespace curves {
namespace {

constexpr size_t kThresholds = 250;
constexpr size_t kNone = std::numeric_limits<size_t>::max();

struct Stretch {
  size_t first = 0, last = 0;  // rows, both inside
};

std::vector<Stretch> AnomaliesOf(std::span<const uint8_t> labels) {
  std::vector<Stretch> out;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 0) continue;
    if (out.empty() || out.back().last + 1 != i) out.push_back({i, i});
    out.back().last = i;
  }
  return out;
}

// 1 on an anomaly, falling to both sides over half a buffer.
std::vector<double> Faded(const std::vector<Stretch>& anomalies, size_t rows, size_t buffer) {
  std::vector<double> out(rows);
  const size_t half = buffer / 2;
  for (const Stretch& a : anomalies) {
    for (size_t i = a.first; i <= a.last; ++i) out[i] = 1;
    for (size_t d = 1; d <= half; ++d) {
      const double value = std::sqrt(1 - static_cast<double>(d) / static_cast<double>(buffer));
      if (a.last + d < rows) out[a.last + d] += value;
      if (a.first >= d) out[a.first - d] += value;
    }
  }
  for (double& v : out) v = std::min(v, 1.0);
  return out;
}

// Which anomaly a row belongs to, buffers included; those whose buffers meet are one.
struct Owners {
  std::vector<size_t> of_row{};  // kNone: none
  size_t count = 0;
};
Owners OwnersOf(const std::vector<Stretch>& anomalies, size_t rows, size_t buffer) {
  Owners out{.of_row = std::vector<size_t>(rows, kNone)};
  const size_t half = buffer / 2;
  for (size_t a = 0; a < anomalies.size(); ++a) {
    const bool meets = a > 0 && anomalies[a - 1].last + half + half >= anomalies[a].first;
    if (!meets) ++out.count;
    const size_t first =
        meets ? anomalies[a - 1].last + 1 : anomalies[a].first - std::min(anomalies[a].first, half);
    const size_t last = std::min(rows - 1, anomalies[a].last + half);
    for (size_t i = first; i <= last; ++i) out.of_row[i] = out.count - 1;
  }
  return out;
}

// Rows by falling score, and how many of them each threshold takes: equal scores go together.
struct Ranking {
  std::vector<size_t> rows{};
  std::vector<size_t> taken{};  // [kThresholds]
};
Ranking Rank(std::span<const float> scores) {
  Ranking out;
  out.rows.resize(scores.size());
  std::iota(out.rows.begin(), out.rows.end(), size_t{0});
  std::ranges::stable_sort(out.rows, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  const double last = static_cast<double>(scores.size() - 1);
  for (size_t t = 0; t < kThresholds; ++t) {
    auto taken = static_cast<size_t>(last * static_cast<double>(t) / (kThresholds - 1));
    const float threshold = scores[out.rows[taken]];
    while (taken < out.rows.size() && scores[out.rows[taken]] >= threshold) ++taken;
    out.taken.push_back(taken);
  }
  return out;
}

double AveragePrecision(std::span<const uint8_t> labels, const std::vector<Stretch>& anomalies,
                        const Ranking& ranking, size_t buffer) {
  const std::vector<double> faded = Faded(anomalies, labels.size(), buffer);
  const Owners owners = OwnersOf(anomalies, labels.size(), buffer);
  std::vector<bool> touched(owners.count);
  const auto positives =
      static_cast<double>(std::ranges::count_if(labels, [](uint8_t l) { return l != 0; }));
  double found = 0, beside = 0, area = 0, before = 0, seen = 0;
  size_t at = 0;
  for (const size_t taken : ranking.taken) {
    for (; at < taken; ++at) {
      const size_t row = ranking.rows[at];
      found += faded[row];
      if (labels[row] == 0) beside += faded[row];
      const size_t owner = owners.of_row[row];
      if (owner == kNone || touched[owner]) continue;
      touched[owner] = true;
      seen += 1;
    }
    const double all = positives + beside / 2;
    const double recall = std::min(found / all, 1.0) * seen / static_cast<double>(owners.count);
    area += (recall - before) * found / static_cast<double>(taken);
    before = recall;
  }
  return area;
}

}  // namespace
}  // namespace curves

double VusPr(std::span<const uint8_t> labels, std::span<const float> scores, size_t buffer_max) {
  const std::vector<curves::Stretch> anomalies = curves::AnomaliesOf(labels);
  const bool all =
      anomalies.size() == 1 && anomalies[0].first == 0 && anomalies[0].last + 1 == labels.size();
  if (anomalies.empty() || all) return std::nan("");
  const curves::Ranking ranking = curves::Rank(scores);
  double sum = 0;
  for (size_t buffer = 0; buffer <= buffer_max; ++buffer)
    sum += curves::AveragePrecision(labels, anomalies, ranking, buffer);
  return sum / static_cast<double>(buffer_max + 1);
}

}  // namespace millwright::evaluation
