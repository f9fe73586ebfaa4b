#include "trainer/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "trainer/lstm_net.h"

namespace millwright::trainer {
namespace {

constexpr size_t kBins = 10;
constexpr size_t kCurvePoints = 200;

void CountPerClass(ClassMetrics& m) {
  const size_t classes = m.confusion.size();
  double recall_sum = 0, f1_sum = 0, right = 0, all = 0, present = 0;
  for (size_t c = 0; c < classes; ++c) {
    const double truth = std::accumulate(m.confusion[c].begin(), m.confusion[c].end(), 0.0);
    double guessed = 0;
    for (size_t t = 0; t < classes; ++t) guessed += m.confusion[t][c];
    const double hit = m.confusion[c][c];
    right += hit;
    all += truth;
    m.recall.push_back(truth > 0 ? hit / truth : std::numeric_limits<double>::quiet_NaN());
    m.f1.push_back(truth + guessed > 0 ? 2 * hit / (truth + guessed)
                                       : std::numeric_limits<double>::quiet_NaN());
    if (truth == 0) continue;
    recall_sum += hit / truth;
    f1_sum += m.f1.back();
    present += 1;
  }
  m.accuracy = all > 0 ? right / all : 0;
  m.balanced_accuracy = present > 0 ? recall_sum / present : 0;
  m.macro_f1 = present > 0 ? f1_sum / present : 0;
}

// Average precision over all distinct scores.
void PrecisionRecall(std::vector<std::pair<float, bool>> scored, ClassMetrics& m) {
  std::ranges::sort(scored, [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto positives =
      static_cast<double>(std::ranges::count_if(scored, [](const auto& s) { return s.second; }));
  if (positives == 0) return;
  double hits = 0, area = 0, last_recall = 0;
  std::vector<std::pair<double, double>> curve;
  for (size_t i = 0; i < scored.size(); ++i) {
    hits += scored[i].second ? 1 : 0;
    if (i + 1 < scored.size() && scored[i + 1].first == scored[i].first) continue;
    const double recall = hits / positives, precision = hits / static_cast<double>(i + 1);
    area += (recall - last_recall) * precision;
    last_recall = recall;
    curve.emplace_back(recall, precision);
  }
  m.pr_auc = area;
  const size_t stride = std::max<size_t>(1, curve.size() / kCurvePoints);
  for (size_t i = 0; i < curve.size(); i += stride) m.pr_curve.push_back(curve[i]);
}

void FinishBins(ClassMetrics& m, double n) {
  for (Bin& bin : m.calibration) {
    if (bin.count == 0) continue;
    bin.confidence /= bin.count;
    bin.accuracy /= bin.count;
    m.calibration_error += bin.count / n * std::abs(bin.confidence - bin.accuracy);
  }
}

double NegativeLogLikelihood(std::span<const float> logits, std::span<const int> labels,
                             size_t classes, double t) {
  std::vector<float> p(classes);
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    Softmax(logits.subspan(i * classes, classes), t, p);
    sum -= std::log(std::max(1e-12, static_cast<double>(p[static_cast<size_t>(labels[i])])));
  }
  return sum;
}

}  // namespace

int ArgMax(std::span<const float> values) {
  return static_cast<int>(std::ranges::max_element(values) - values.begin());
}

ClassMetrics Measure(std::span<const float> probabilities, std::span<const int> labels,
                     int classes) {
  const auto width = static_cast<size_t>(classes);
  ClassMetrics m;
  m.confusion.assign(width, std::vector<double>(width));
  m.calibration.resize(kBins);
  std::vector<std::pair<float, bool>> scored;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto p = probabilities.subspan(i * width, width);
    const int guess = ArgMax(p);
    m.confusion[static_cast<size_t>(labels[i])][static_cast<size_t>(guess)] += 1;
    const auto confidence = static_cast<double>(p[static_cast<size_t>(guess)]);
    Bin& bin = m.calibration[std::min(kBins - 1, static_cast<size_t>(confidence * kBins))];
    bin.confidence += confidence;
    bin.accuracy += guess == labels[i] ? 1 : 0;
    bin.count += 1;
    scored.emplace_back(1 - p[0], labels[i] != 0);
  }
  CountPerClass(m);
  FinishBins(m, std::max(1.0, static_cast<double>(labels.size())));
  PrecisionRecall(std::move(scored), m);
  return m;
}

double FitTemperature(std::span<const float> logits, std::span<const int> labels, int classes) {
  if (labels.empty()) return 1;
  const auto loss = [&](double log_t) {
    return NegativeLogLikelihood(logits, labels, static_cast<size_t>(classes), std::exp(log_t));
  };
  // The likelihood has one minimum in log T: golden section.
  constexpr double kGolden = 0.6180339887498949;
  double low = std::log(0.25), high = std::log(8.0);
  double a = high - kGolden * (high - low), b = low + kGolden * (high - low);
  double at_a = loss(a), at_b = loss(b);
  for (int i = 0; i < 40; ++i) {
    if (at_a < at_b) {
      high = b, b = a, at_b = at_a;
      a = high - kGolden * (high - low), at_a = loss(a);
    } else {
      low = a, a = b, at_a = at_b;
      b = low + kGolden * (high - low), at_b = loss(b);
    }
  }
  return std::exp((low + high) / 2);
}

double CommonestShare(std::span<const int> labels) {
  std::map<int, size_t> counts;
  size_t most = 0;
  for (const int label : labels) most = std::max(most, ++counts[label]);
  return labels.empty() ? 0 : static_cast<double>(most) / static_cast<double>(labels.size());
}

}  // namespace millwright::trainer
