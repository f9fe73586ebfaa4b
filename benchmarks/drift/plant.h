// Simulated gateways: what their features and labels look like, week by week.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "drift/fleet_watch.h"

namespace millwright::bench {

/// SplitMix64 (Steele, Lea & Flood 2014): billions of draws are wanted.
class Random {
 public:
  using result_type = uint64_t;
  /// Seeds are scrambled: of states that differ by few steps, one stream would be the other's tail.
  explicit Random(uint64_t seed) : state_(seed * 0xd1342543de82ef95ULL) { state_ = (*this)(); }
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  double Uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  float Normal() { return normal_(*this); }

 private:
  uint64_t state_;
  std::normal_distribution<float> normal_;
};

constexpr int kPointsAWeek = 336;  // of each stream: one every half hour
constexpr int kStreams = 3;        // the score and two features
constexpr int kRegimes = 2;        // idle, load
constexpr int kLabelsAWeek = 20;
constexpr int kBaselineWeeks = 12;
constexpr int kBaselineLabels = 52 * kLabelsAWeek;
constexpr double kCohortError = 0.05;
constexpr double kCohortStrength = 500;  // devices' error rates differ by a percent (1 sigma)

/// One gateway. Each stream has its own level in each regime, autocorrelation of its own (half-hour
/// to half-hour 0.3 to 0.9), and a week that differs from the last by more than its points explain;
/// how much of a week is load differs from week to week. `error_rate` is what its labels say.
class Gateway {
 public:
  explicit Gateway(Random& random);
  /// Points of the next week, `shift` (of a point's standard deviation) on all streams.
  drift::Week NextWeek(Random& random, float shift);
  /// Draws edges and baseline: twelve weeks, and a year's labels.
  drift::DeviceBaseline Commission(Random& random);

  [[nodiscard]] double error_rate() const { return error_rate_; }

 private:
  void FillWeek(Random& random, float shift, std::vector<float> (&cells)[kStreams * kRegimes]);

  double error_rate_;
  double switches_;  // regime changes per point
  bool load_ = false;
  float level_[kStreams][kRegimes], memory_[kStreams], wobble_[kStreams], now_[kStreams];
  drift::Week empty_;
};

}  // namespace millwright::bench
