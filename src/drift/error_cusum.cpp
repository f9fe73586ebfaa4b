#include "drift/error_cusum.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace millwright::drift {
namespace {

constexpr int kLimitMax = 1500;

// Mean steps to `limit` from zero. With L(s) steps from sum s: L(s) = 1 + rate L(s + up) +
// (1 - rate) L(max(0, s - down)), L = 0 from the limit on. Gaussian elimination within the band;
// the matrix is diagonally dominant enough not to need pivots.
double RunLength(double rate, int up, int down, int limit) {
  const auto n = static_cast<size_t>(limit);
  const auto lower = static_cast<size_t>(down), upper = static_cast<size_t>(up);
  const size_t width = lower + upper + 1;  // column j of row i is at j - i + lower
  std::vector<double> a(n * width), b(n, 1);
  for (size_t s = 0; s < n; ++s) {
    double* row = a.data() + s * width;
    row[lower] += 1;
    row[s >= lower ? 0 : lower - s] -= 1 - rate;
    if (s + upper < n) row[lower + upper] -= rate;
  }
  for (size_t i = 0; i < n; ++i)
    for (size_t j = i + 1; j < std::min(n, i + lower + 1); ++j) {
      const double factor = a[j * width + lower + i - j] / a[i * width + lower];
      for (size_t k = i; k < std::min(n, i + upper + 1); ++k)
        a[j * width + lower + k - j] -= factor * a[i * width + lower + k - i];
      b[j] -= factor * b[i];
    }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < std::min(n, i + upper + 1); ++k)
      b[i] -= a[i * width + lower + k - i] * b[k];
    b[i] /= a[i * width + lower];
  }
  return b[0];
}

// A healthy rate and how probable it is.
struct Weighted {
  double rate, weight;
};

// The Beta distribution as a grid, without what is too improbable to matter.
std::vector<Weighted> Grid(double mean, double strength) {
  if (std::isinf(strength)) return {{mean, 1}};
  constexpr int kPoints = 48;
  constexpr double kReach = 7;  // standard deviations
  const double deviation = std::sqrt(mean * (1 - mean) / (strength + 1));
  const double low = std::max(mean / 20, mean - kReach * deviation);
  const double high = std::min(0.999, mean + kReach * deviation);
  std::vector<Weighted> out;
  double sum = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double p = low + (high - low) * (i + 0.5) / kPoints;
    const double weight = std::exp((mean * strength - 1) * std::log(p / mean) +
                                   ((1 - mean) * strength - 1) * std::log((1 - p) / (1 - mean)));
    out.push_back({p, weight});
    sum += weight;
  }
  std::erase_if(out, [&](const Weighted& w) { return w.weight < 1e-9 * sum; });
  for (Weighted& w : out) w.weight /= sum;
  return out;
}

// Alarms per label. Where the rate is so low that the equations' answer drowns in rounding, there
// are none that count.
double AlarmRate(const std::vector<Weighted>& rates, int up, int limit) {
  double sum = 0;
  for (const Weighted& w : rates) {
    const double length = RunLength(w.rate, up, ErrorCusum::kDown, limit);
    if (length > 0 && std::isfinite(length)) sum += w.weight / length;
  }
  return sum;
}

}  // namespace

Result<ErrorCusum> ErrorCusum::Make(const ErrorCusumOptions& o) {
  if (!(o.healthy > 0 && o.healthy < o.drifted && o.drifted < 1))
    return Fail(Errc::kInvalid, "drift: not 0 < healthy < drifted < 1");
  if (!(o.false_alarms_per_label > 0 && o.false_alarms_per_label < 0.1))
    return Fail(Errc::kInvalid, "drift: false_alarms_per_label is not between 0 and 0.1");
  if (!(o.strength > 1)) return Fail(Errc::kInvalid, "drift: strength is not above 1");
  const double ratio =
      std::log(o.drifted / o.healthy) / std::log((1 - o.healthy) / (1 - o.drifted));
  const int up = std::max(1, static_cast<int>(std::lround(ratio * kDown)));
  const double wanted = o.false_alarms_per_label;
  const std::vector<Weighted> rates = Grid(o.healthy, o.strength);
  // Alarms get rarer as the limit grows: bisect.
  int low = 1, high = up;
  while (high < kLimitMax && AlarmRate(rates, up, high) > wanted) {
    low = high;
    high = std::min(kLimitMax, high * 2);
  }
  if (AlarmRate(rates, up, high) > wanted)
    return Fail(Errc::kInvalid, "drift: healthy and drifted lie too close for so few false alarms");
  while (low < high) {
    const int middle = (low + high) / 2;
    if (AlarmRate(rates, up, middle) > wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return ErrorCusum(up, high);
}

double ErrorCusum::MeanRunLength(double rate) const { return RunLength(rate, up_, kDown, limit_); }

bool ErrorCusum::Push(bool wrong) {
  sum_ = wrong ? sum_ + up_ : std::max(0, sum_ - kDown);
  if (sum_ < limit_) return false;
  sum_ = 0;
  return true;
}

}  // namespace millwright::drift
