#include "plant.h"

#include <cmath>

#include "core/check.h"

namespace millwright::bench {
namespace {

constexpr int kBins = 10;
constexpr float kWobble = 0.15F;        // of a week, in standard deviations of a point
constexpr float kWobbleMemory = 0.5F;   // from week to week
constexpr double kPointsInRegime = 16;  // a shift of eight hours, on average

double Beta(Random& random, double mean, double strength) {
  const double a = std::gamma_distribution<double>(mean * strength)(random);
  const double b = std::gamma_distribution<double>((1 - mean) * strength)(random);
  return a / (a + b);
}

}  // namespace

Gateway::Gateway(Random& random)
    : error_rate_(Beta(random, kCohortError, kCohortStrength)), switches_(1 / kPointsInRegime) {
  for (int s = 0; s < kStreams; ++s) {
    memory_[s] = 0.3F + 0.6F * static_cast<float>(random.Uniform());
    wobble_[s] = kWobble * random.Normal();
    now_[s] = random.Normal();
    for (float& level : level_[s]) level = 3 * random.Normal();
  }
}

void Gateway::FillWeek(Random& random, float shift,
                       std::vector<float> (&cells)[kStreams * kRegimes]) {
  const double load_share = 0.3 + 0.5 * random.Uniform();
  const float fresh = kWobble * std::sqrt(1 - kWobbleMemory * kWobbleMemory);
  float innovation[kStreams], week[kStreams];
  for (int s = 0; s < kStreams; ++s) {
    innovation[s] = std::sqrt(1 - memory_[s] * memory_[s]);
    wobble_[s] = kWobbleMemory * wobble_[s] + fresh * random.Normal();
    week[s] = wobble_[s] + shift;
  }
  for (int i = 0; i < kPointsAWeek; ++i) {
    if (random.Uniform() < switches_) load_ = random.Uniform() < load_share;
    const int regime = load_ ? 1 : 0;
    for (int s = 0; s < kStreams; ++s) {
      now_[s] = memory_[s] * now_[s] + innovation[s] * random.Normal();
      cells[s * kRegimes + regime].push_back(level_[s][regime] + week[s] + now_[s]);
    }
  }
}

drift::Week Gateway::NextWeek(Random& random, float shift) {
  std::vector<float> cells[kStreams * kRegimes];
  FillWeek(random, shift, cells);
  drift::Week week = empty_;
  for (size_t c = 0; c < week.size(); ++c)
    for (const float v : cells[c]) week[c].Add(v);
  return week;
}

drift::DeviceBaseline Gateway::Commission(Random& random) {
  std::vector<float> weeks[kBaselineWeeks][kStreams * kRegimes];
  for (auto& week : weeks) FillWeek(random, 0, week);
  empty_.clear();
  for (size_t c = 0; c < kStreams * kRegimes; ++c) {
    std::vector<float> all;
    for (const auto& week : weeks) all.insert(all.end(), week[c].begin(), week[c].end());
    const auto edges = drift::Histogram::FromReference(all, kBins);
    MW_CHECK(edges.has_value());
    empty_.push_back(edges->Empty());
  }
  drift::DeviceBaseline out;
  for (const auto& week : weeks) {
    drift::Week counted = empty_;
    for (size_t c = 0; c < counted.size(); ++c)
      for (const float v : week[c]) counted[c].Add(v);
    out.weeks.push_back(std::move(counted));
  }
  out.labels.trials = kBaselineLabels;
  for (int i = 0; i < kBaselineLabels; ++i)
    out.labels.right += random.Uniform() < error_rate_ ? 0 : 1;
  return out;
}

}  // namespace millwright::bench
