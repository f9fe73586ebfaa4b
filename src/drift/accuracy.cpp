#include "drift/accuracy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "drift/distributions.h"

namespace millwright::drift {

Interval Wilson(double right, double trials, double z) {
  if (!(trials > 0)) return {};
  const double p = right / trials, z2 = z * z;
  const double middle = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const double half =
      z / (1 + z2 / trials) * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

Interval ClopperPearson(double right, double trials, double confidence) {
  if (!(trials > 0)) return {};
  const double side = (1 - confidence) / 2;
  // The x with BetaCdf(x, a, b) = p.
  const auto quantile = [](double p, double a, double b) {
    double low = 0, high = 1;
    for (int i = 0; i < 200 && high - low > 1e-16; ++i) {
      const double middle = (low + high) / 2;
      (BetaCdf(middle, a, b) < p ? low : high) = middle;
    }
    return (low + high) / 2;
  };
  return {right > 0 ? quantile(side, right, trials - right + 1) : 0,
          right < trials ? quantile(1 - side, right + 1, trials - right) : 1};
}

CohortPrior LearnPrior(std::span<const Counts> devices) {
  double right = 0, trials = 0;
  for (const Counts& d : devices) {
    right += d.right;
    trials += d.trials;
  }
  if (!(trials > 0)) return {};
  // One label of each kind more, so that a cohort without any error is not called perfect.
  const double mean = (right + 1) / (trials + 2);
  double spread = 0, chance = 0, count = 0;
  for (const Counts& d : devices) {
    if (d.trials < 5) continue;
    spread += std::pow(d.right / d.trials - mean, 2);
    chance += mean * (1 - mean) / d.trials;
    count += 1;
  }
  if (count < 2) return {mean, 2};
  const double between = std::max(0.0, (spread - chance) / count);
  const double strength = between > 0 ? mean * (1 - mean) / between - 1 : 2000;
  return {mean, std::clamp(strength, 2.0, 2000.0)};
}

Estimate Shrink(const Counts& device, const CohortPrior& prior) {
  const double a = prior.mean * prior.strength + device.right;
  const double n = prior.strength + device.trials;
  const double mean = a / n;
  const double deviation = std::sqrt(mean * (1 - mean) / (n + 1));
  return {mean,
          deviation,
          {std::max(0.0, mean - 1.96 * deviation), std::min(1.0, mean + 1.96 * deviation)}};
}

double ExpectedAccuracy(std::span<const float> probabilities, int classes) {
  const auto width = static_cast<size_t>(classes);
  if (width == 0 || probabilities.size() < width) return std::numeric_limits<double>::quiet_NaN();
  const size_t n = probabilities.size() / width;
  double sum = 0;
  for (size_t i = 0; i < n; ++i)
    sum += static_cast<double>(*std::ranges::max_element(probabilities.subspan(i * width, width)));
  return sum / static_cast<double>(n);
}

}  // namespace millwright::drift
