// Has a device's error rate risen? Labels come one by one, late and few; the user states how often
// a healthy device may be accused.
#pragma once

#include <cstdint>
#include <limits>

#include "core/result.h"

namespace millwright::drift {

struct ErrorCusumOptions {
  double healthy = 0.05;                 // error rate that is no drift
  double drifted = 0.20;                 // error rate that shall be found soon
  double false_alarms_per_label = 5e-7;  // at the healthy rate, on average
  // What is known of the healthy rate: a Beta distribution with that mean, worth so many labels.
  // The false alarms are averaged over it, since devices whose rate lies above the mean raise most
  // of them. Infinite: the rate is known exactly.
  double strength = std::numeric_limits<double>::infinity();
};

/// A cumulative sum of log likelihood ratios on a lattice of whole numbers: a right answer goes
/// down by kDown, a wrong one up by a multiple that rounds the ratio. On a lattice the mean time
/// between false alarms is a finite system of equations, so the limit is computed, not simulated.
/// Source: Page 1954; Brook & Evans 1972, "An approach to the probability distribution of cusum run
/// length".
class ErrorCusum {
 public:
  /// kInvalid where not 0 < healthy < drifted < 1, strength is not above 1, or a limit of a few
  /// hundred labels does not hold the wished rate.
  [[nodiscard]] static Result<ErrorCusum> Make(const ErrorCusumOptions& options);

  /// One label: was the model wrong? True at an alarm; the sum begins anew with the next label.
  bool Push(bool wrong);
  void Reset() { sum_ = 0; }

  /// 0: no sign of drift; 1: alarm.
  [[nodiscard]] double level() const { return static_cast<double>(sum_) / limit_; }
  /// Mean number of labels until an alarm at error rate `rate`, from a sum of zero.
  [[nodiscard]] double MeanRunLength(double rate) const;
  [[nodiscard]] int up() const { return up_; }
  [[nodiscard]] int limit() const { return limit_; }
  static constexpr int kDown = 2;

 private:
  ErrorCusum(int up, int limit) : up_(up), limit_(limit) {}
  int up_;
  int limit_;
  int sum_ = 0;
};

}  // namespace millwright::drift
