#include "importer/rounding.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace millwright::importer {
namespace {

constexpr double kWeightMax = 127;
// Of the mean square input: what keeps directions that the data never took from being used.
constexpr double kDamping = 0.01;

// The inverse of the damped moments, by Gauss and Jordan without pivots: it is positive definite.
std::vector<double> Inverse(const Moments& moments) {
  const size_t n = moments.size();
  std::vector<double> a(n * n), out(n * n, 0);
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += moments(i, i);
  const double damping = std::max(kDamping * trace / static_cast<double>(n), 1e-12);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) a[i * n + j] = moments(i, j);
    a[i * n + i] += damping;
    out[i * n + i] = 1;
  }
  for (size_t i = 0; i < n; ++i) {
    const double by = 1 / a[i * n + i];
    for (size_t j = 0; j < n; ++j) {
      a[i * n + j] *= by;
      out[i * n + j] *= by;
    }
    for (size_t r = 0; r < n; ++r) {
      const double times = r == i ? 0 : a[r * n + i];
      if (times == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        a[r * n + j] -= times * a[i * n + j];
        out[r * n + j] -= times * out[i * n + j];
      }
    }
  }
  return out;
}

// The inverse for the inputs behind `at` alone, once `at` is fixed.
void Eliminate(std::vector<double>& inverse, size_t n, size_t at) {
  const double by = 1 / inverse[at * n + at];
  for (size_t r = at + 1; r < n; ++r) {
    const double times = inverse[r * n + at] * by;
    for (size_t j = at + 1; j < n; ++j) inverse[r * n + j] -= times * inverse[at * n + j];
  }
}

}  // namespace

void Moments::Add(std::span<const float> inputs, std::span<const float> state) {
  const size_t n = inputs.size() + state.size() + 1;
  if (n > kSizeMax || work_ > kWorkMax) return;
  if (sums_.empty()) {
    size_ = n;
    sums_.assign(n * n, 0);
  }
  MW_CHECK(size_ == n);
  work_ += n * n;
  row_.assign(inputs.begin(), inputs.end());
  row_.insert(row_.end(), state.begin(), state.end());
  row_.push_back(1);
  for (size_t r = 0; r < n; ++r)
    for (size_t c = 0; c < n; ++c) sums_[r * n + c] += row_[r] * row_[c];
}

Rounded RoundTogether(std::span<const float> weights, std::span<const float> biases,
                      const Moments& moments, const std::function<float(size_t, size_t)>& scale) {
  const size_t n = moments.size(), inputs = n - 1, outputs = biases.size();
  MW_CHECK(!moments.empty() && weights.size() == inputs * outputs);
  std::vector<double> left(outputs * n);  // what is still to be rounded, the bias last
  for (size_t o = 0; o < outputs; ++o) {
    for (size_t i = 0; i < inputs; ++i)
      left[o * n + i] = static_cast<double>(weights[o * inputs + i]);
    left[o * n + inputs] = static_cast<double>(biases[o]);
  }
  std::vector<double> inverse = Inverse(moments);
  Rounded out{.weights = std::vector<int8_t>(weights.size())};
  for (size_t i = 0; i < inputs; ++i) {
    const double by = 1 / inverse[i * n + i];
    for (size_t o = 0; o < outputs; ++o) {
      const auto step = static_cast<double>(scale(o, i));
      double* row = left.data() + o * n;
      const double q = std::clamp(std::round(row[i] / step), -kWeightMax, kWeightMax);
      const double error = (row[i] - q * step) * by;
      out.weights[o * inputs + i] = static_cast<int8_t>(q);
      for (size_t k = i + 1; k < n; ++k) row[k] -= error * inverse[i * n + k];
    }
    Eliminate(inverse, n, i);
  }
  for (size_t o = 0; o < outputs; ++o)
    out.biases.push_back(static_cast<float>(left[o * n + inputs]));
  return out;
}

}  // namespace millwright::importer
