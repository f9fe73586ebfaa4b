#include "trainer/departures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

#include "trainer/eigen.h"

namespace millwright::trainer {
namespace {

// In deviations of healthy steps: nearer is too like them, further is too easy to teach much.
constexpr double kNearest = 3, kFurthest = 9;
constexpr double kLoudest = 5;  // times the scatter of a window
// Below, a feature hardly moves: what is less than the input grid shows is no departure.
constexpr double kFloor = 0.2;
// What so small a share of healthy time passes lies this far (in logits) below even, and half as
// far again as it lies from the middle: a commissioning shows hours, and alarms count over months.
constexpr double kSeldom = 0.005, kBelowEven = 1, kBeyond = 0.5;
// But every second departure still alarms: a guard that never speaks guards nothing.
constexpr double kAboveLimit = 2;

enum class Kind : uint8_t { kLevel, kSlope, kScatter, kDirection };

class Maker {
 public:
  Maker(const HealthyShape& shape, int steps, uint64_t seed)
      : shape_(shape), steps_(static_cast<size_t>(steps)), random_(seed) {}

  void Depart(std::span<float> window) {
    const auto kind = static_cast<Kind>(random_() % 4);
    if (kind == Kind::kScatter) return Scatter(window);
    if (kind == Kind::kDirection) return Direction(window);
    Pick();
    // Some begin before the window, some within it; the last quarter always shows it.
    const size_t span = steps_ + steps_ / 2, start = random_() % (span - steps_ / 4);
    const size_t from = start < steps_ / 2 ? 0 : start - steps_ / 2;
    for (size_t f = 0; f < shape_.features; ++f) {
      if (!picked_[f]) continue;
      const double size = Size(shape_.deviation[f]);
      for (size_t t = from; t < steps_; ++t) {
        const double share = kind == Kind::kLevel ? 1
                                                  : static_cast<double>(t + 1 - from) /
                                                        static_cast<double>(steps_ - from);
        window[t * shape_.features + f] += static_cast<float>(size * share);
      }
    }
  }

 private:
  double Uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1.0p-53;
  }
  double Size(double deviation) {
    const double size = Uniform(kNearest, kFurthest) * std::max(deviation, kFloor);
    return random_() % 2 == 0 ? size : -size;
  }

  // One feature, some, or all.
  void Pick() {
    picked_.assign(shape_.features, false);
    const double share = random_() % 3 == 0 ? 0 : Uniform(0, 1);
    for (size_t f = 0; f < shape_.features; ++f) picked_[f] = Uniform(0, 1) < share;
    picked_[random_() % shape_.features] = true;
  }

  void Scatter(std::span<float> window) {
    Pick();
    std::normal_distribution<double> normal;
    for (size_t f = 0; f < shape_.features; ++f) {
      if (!picked_[f]) continue;
      const double loud = Uniform(kNearest, kLoudest) * std::max(shape_.deviation[f], kFloor);
      for (size_t t = 0; t < steps_; ++t)
        window[t * shape_.features + f] += static_cast<float>(loud * normal(random_));
    }
  }

  void Direction(std::span<float> window) {
    const size_t d = random_() % shape_.features;
    const double size = Size(shape_.spread[d]);
    const size_t from = random_() % (steps_ - steps_ / 4);
    for (size_t t = from; t < steps_; ++t)
      for (size_t f = 0; f < shape_.features; ++f)
        window[t * shape_.features + f] +=
            static_cast<float>(size * shape_.directions[d * shape_.features + f]);
  }

  const HealthyShape& shape_;
  size_t steps_;
  std::mt19937_64 random_;
  std::vector<bool> picked_;
};

std::span<const float> WindowOf(const WindowSet& set, size_t i, size_t steps, size_t features) {
  return set.rows.subspan(size_t{set.first[i]} * features, steps * features);
}

}  // namespace

Result<HealthyShape> LearnShape(const WindowSet& windows, int steps, int features) {
  if (windows.size() == 0) return Fail(Errc::kInvalid, "trainer: no healthy window");
  HealthyShape out{.features = static_cast<size_t>(features)};
  const size_t width = out.features, length = static_cast<size_t>(steps);
  std::vector<double> mean(width), products(width * width);
  double n = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto window = WindowOf(windows, i, length, width);
    for (size_t t = 0; t < length; ++t, n += 1)
      for (size_t a = 0; a < width; ++a) {
        const auto va = static_cast<double>(window[t * width + a]);
        mean[a] += va;
        for (size_t b = 0; b <= a; ++b)
          products[a * width + b] += va * static_cast<double>(window[t * width + b]);
      }
  }
  std::vector<double> covariance(width * width);
  for (size_t a = 0; a < width; ++a)
    for (size_t b = 0; b <= a; ++b)
      covariance[a * width + b] = covariance[b * width + a] =
          products[a * width + b] / n - mean[a] / n * mean[b] / n;
  for (size_t f = 0; f < width; ++f)
    out.deviation.push_back(std::sqrt(std::max(0.0, covariance[f * width + f])));
  const Eigen eigen = SymmetricEigen(std::move(covariance), width);
  out.directions = eigen.vectors;
  for (const double value : eigen.values) out.spread.push_back(std::sqrt(std::max(0.0, value)));
  return out;
}

std::vector<float> MakeDepartures(const WindowSet& healthy, const HealthyShape& shape, int steps,
                                  size_t count, uint64_t seed) {
  const size_t size = static_cast<size_t>(steps) * shape.features;
  std::vector<float> out(count * size);
  Maker maker(shape, steps, seed);
  std::mt19937_64 random(seed + 1);
  for (size_t i = 0; i < count; ++i) {
    const auto from =
        WindowOf(healthy, random() % healthy.size(), static_cast<size_t>(steps), shape.features);
    const auto to = std::span(out).subspan(i * size, size);
    std::ranges::copy(from, to.begin());
    maker.Depart(to);
  }
  return out;
}

void AddDepartures(Windows& windows, const HealthyShape& shape, int steps, float scale,
                   size_t limit, uint64_t seed) {
  const size_t count = std::min(limit, windows.set.size());
  const std::vector<float> made = MakeDepartures(windows.set, shape, steps, count, seed);
  const auto base = static_cast<uint32_t>(windows.rows.size() / shape.features);
  for (const float x : made)
    windows.rows.push_back(std::clamp(std::round(x / scale), -127.0F, 127.0F) * scale);
  windows.set.rows = windows.rows;
  for (size_t i = 0; i < count; ++i) {
    windows.set.first.push_back(base + static_cast<uint32_t>(i * static_cast<size_t>(steps)));
    windows.set.labels.push_back(1);
    windows.places.emplace_back();
  }
}

void LowerOdds(LstmNet& net, const Windows& whole, const WindowSet& departures,
               const model::DecisionLimits& rule) {
  LstmRunner runner(net);
  std::array<float, 2> logits{};
  const auto margin = [&](const WindowSet& set, size_t i) {
    runner.Run(WindowOf(set, i, static_cast<size_t>(net.steps), static_cast<size_t>(net.features)),
               logits);
    return logits[1] - logits[0];
  };
  std::map<uint32_t, std::vector<float>> by_run;
  for (size_t i = 0; i < whole.set.size(); ++i)
    by_run[whole.places[i].series].push_back(margin(whole.set, i));
  std::vector<std::vector<float>> margins;
  margins.reserve(by_run.size());
  for (auto& [series, run] : by_run) margins.push_back(std::move(run));
  double lower = SeldomMargin(margins, rule, kSeldom) + kBelowEven;
  std::vector<float> made;
  for (size_t i = 0; i < departures.size(); ++i)
    if (departures.labels[i] == 1) made.push_back(margin(departures, i));
  if (!made.empty()) {
    const auto middle = made.begin() + static_cast<std::ptrdiff_t>(made.size() / 2);
    std::ranges::nth_element(made, middle);
    lower = std::min(lower, static_cast<double>(*middle) - kAboveLimit);
  }
  net.dense_biases[1] -= static_cast<float>(lower);
}

double SeldomMargin(std::span<const std::vector<float>> margins, const model::DecisionLimits& rule,
                    double seldom) {
  const auto of = static_cast<size_t>(rule.of), held = static_cast<size_t>(rule.persistence);
  std::vector<float> persistent, last;
  for (const std::vector<float>& run : margins)
    for (size_t i = of; i <= run.size(); ++i) {
      last.assign(run.begin() + static_cast<std::ptrdiff_t>(i - of),
                  run.begin() + static_cast<std::ptrdiff_t>(i));
      const auto at = last.begin() + static_cast<std::ptrdiff_t>(held - 1);
      std::ranges::nth_element(last, at, std::greater<>{});
      persistent.push_back(*at);
    }
  if (persistent.empty()) return 0;
  std::ranges::sort(persistent);
  const auto at = static_cast<size_t>((1 - seldom) * static_cast<double>(persistent.size()));
  const auto high = static_cast<double>(persistent[std::min(at, persistent.size() - 1)]);
  const auto middle = static_cast<double>(persistent[persistent.size() / 2]);
  return high + kBeyond * (high - middle);
}

}  // namespace millwright::trainer
