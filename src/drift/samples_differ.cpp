#include "drift/samples_differ.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "drift/distributions.h"

namespace millwright::drift {
namespace {

constexpr size_t kExactProduct = 1'000'000;

std::vector<float> SortedFinite(std::span<const float> values) {
  std::vector<float> out;
  std::ranges::copy_if(values, std::back_inserter(out), [](float v) { return std::isfinite(v); });
  std::ranges::sort(out);
  return out;
}

// The statistic as a whole number of 1 / (n m): max |i m - j n|.
int64_t Distance(std::span<const float> a, std::span<const float> b) {
  const auto n = static_cast<int64_t>(a.size()), m = static_cast<int64_t>(b.size());
  int64_t most = 0;
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const float at = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
    most = std::max(most, std::abs(static_cast<int64_t>(i) * m - static_cast<int64_t>(j) * n));
  }
  return most;
}

// P(distance >= d): of all ways to mix the two samples, the share that ever leaves |i m - j n| < d.
// Each step carries probabilities, so that nothing overflows.
double ExactTail(int64_t n, int64_t m, int64_t d) {
  std::vector<double> inside(static_cast<size_t>(m) + 1);  // share of paths to (i, j) that stay in
  for (int64_t i = 0; i <= n; ++i)
    for (int64_t j = 0; j <= m; ++j) {
      double& here = inside[static_cast<size_t>(j)];
      if (std::abs(i * m - j * n) >= d) {
        here = 0;
        continue;
      }
      if (i == 0 && j == 0) {
        here = 1;
        continue;
      }
      // Of the paths through (i, j), the last step came from a with share i / (i + j).
      const double from_a = i > 0 ? here : 0;
      const double from_b = j > 0 ? inside[static_cast<size_t>(j) - 1] : 0;
      here = (static_cast<double>(i) * from_a + static_cast<double>(j) * from_b) /
             static_cast<double>(i + j);
    }
  return std::clamp(1 - inside.back(), 0.0, 1.0);
}

}  // namespace

KsResult KolmogorovSmirnov(std::span<const float> first, std::span<const float> second) {
  const std::vector<float> a = SortedFinite(first), b = SortedFinite(second);
  if (a.empty() || b.empty()) return {};
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  const int64_t distance = Distance(a, b);
  KsResult out{.statistic = static_cast<double>(distance) / (n * m)};
  if (distance == 0) return out;
  if (a.size() * b.size() <= kExactProduct) {
    out.p_value =
        ExactTail(static_cast<int64_t>(a.size()), static_cast<int64_t>(b.size()), distance);
  } else {
    const double root = std::sqrt(n * m / (n + m));
    out.p_value = KolmogorovTail((root + 0.12 + 0.11 / root) * out.statistic);
  }
  return out;
}

Result<Histogram> Histogram::FromReference(std::span<const float> reference, int bins) {
  const std::vector<float> sorted = SortedFinite(reference);
  if (bins < 2) return Fail(Errc::kInvalid, "drift: a histogram wants two bins");
  if (sorted.size() < 5 * static_cast<size_t>(bins))
    return Fail(Errc::kInvalid, "drift: " + std::to_string(sorted.size()) +
                                    " values are too few for " + std::to_string(bins) + " bins");
  Histogram out;
  for (int i = 1; i < bins; ++i) {
    const float edge = sorted[sorted.size() * static_cast<size_t>(i) / static_cast<size_t>(bins)];
    if (edge > sorted.front() && (out.edges_.empty() || edge > out.edges_.back()))
      out.edges_.push_back(edge);
  }
  out.counts_.assign(out.edges_.size() + 1, 0);
  for (const float v : reference) out.Add(v);
  return out;
}

Histogram Histogram::Empty() const {
  Histogram out = *this;
  std::ranges::fill(out.counts_, 0);
  out.not_finite_ = 0;
  return out;
}

void Histogram::Add(float value) {
  if (!std::isfinite(value)) {
    ++not_finite_;
    return;
  }
  const auto bin = std::ranges::upper_bound(edges_, value) - edges_.begin();
  ++counts_[static_cast<size_t>(bin)];
}

Result<void> Histogram::Merge(const Histogram& other) {
  if (edges_ != other.edges_)
    return Fail(Errc::kConflict, "drift: histograms with different edges cannot be added");
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  not_finite_ += other.not_finite_;
  return {};
}

int64_t Histogram::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
}

double Psi(const Histogram& reference, const Histogram& now) {
  const auto bins = static_cast<double>(reference.bins());
  const double n = static_cast<double>(reference.total()) + bins / 2;
  const double m = static_cast<double>(now.total()) + bins / 2;
  double psi = 0;
  for (size_t i = 0; i < reference.bins(); ++i) {
    const double p = (static_cast<double>(reference.counts()[i]) + 0.5) / n;
    const double q = (static_cast<double>(now.counts()[i]) + 0.5) / m;
    psi += (q - p) * std::log(q / p);
  }
  return psi;
}

double PsiLimit(double n, double m, size_t bins, double tail) {
  if (bins < 2 || !(n > 0 && m > 0)) return HUGE_VAL;
  return (1 / n + 1 / m) * ChiSquareLimit(tail, static_cast<double>(bins - 1));
}

}  // namespace millwright::drift
