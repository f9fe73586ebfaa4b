// How large a statistic gets where nothing is wrong, learned from weeks that were healthy.
#pragma once

#include <cstddef>
#include <vector>

#include "core/result.h"

namespace millwright::drift {

/// Neighbouring readings of a machine depend on each other, so textbook limits of a distance
/// between histograms are exceeded all the time. This takes no formula for them: the p-value is the
/// share of a cohort's healthy device-weeks that showed as much (conformal: at most p of healthy
/// weeks get a p-value of p or less, whatever the distribution, as long as weeks are exchangeable).
/// Beyond the largest hundredth the tail is taken to fall exponentially, as that of sums of squares
/// does, with a mean excess on the safe side. Source: Bates et al. 2023, "Testing for outliers with
/// conformal p-values"; Pickands 1975 for the tail.
class HealthyTail {
 public:
  /// kInvalid for fewer than 200 values, or one that is not finite.
  [[nodiscard]] static Result<HealthyTail> Learn(std::vector<double> values);

  [[nodiscard]] double PValue(double statistic) const;
  [[nodiscard]] size_t size() const { return values_.size(); }

 private:
  HealthyTail() = default;
  std::vector<double> values_;  // ascending
  double from_ = 0;             // where the exponential begins
  double share_ = 0;            // of the values above it
  double excess_ = 0;           // their mean excess
};

}  // namespace millwright::drift
