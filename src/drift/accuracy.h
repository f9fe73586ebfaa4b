// Accuracy of one device from few labels: what its cohort says of it until it has labels of its
// own.
#pragma once

#include <span>

namespace millwright::drift {

struct Interval {
  double low = 0, high = 1;
};

/// Wilson's score interval of a share; `z` normal quantile. [0, 1] for no trial.
[[nodiscard]] Interval Wilson(double right, double trials, double z = 1.959963984540054);

/// Clopper and Pearson's interval of a share: exact, for whole numbers. Each side errs with
/// probability (1 - confidence) / 2 at most. [0, 1] for no trial.
[[nodiscard]] Interval ClopperPearson(double right, double trials, double confidence = 0.95);

struct Counts {
  double right = 0, trials = 0;
};

/// A cohort's distribution of accuracies: Beta with this mean, worth so many labels.
struct CohortPrior {
  double mean = 0.5;
  double strength = 2;
};

/// Moments of the devices' shares, the chance of few labels taken out. Strength lies within
/// [2, 2000]: equal devices still leave room for one that differs.
[[nodiscard]] CohortPrior LearnPrior(std::span<const Counts> devices);

struct Estimate {
  double mean = 0;
  double deviation = 0;  // posterior standard deviation
  Interval interval{};   // 95 %, normal approximation within [0, 1]
};

/// Beta-binomial shrinkage of one device towards its cohort.
[[nodiscard]] Estimate Shrink(const Counts& device, const CohortPrior& prior);

/// What a calibrated classifier expects of itself without labels (CBPE): the mean of its largest
/// probabilities. Holds under covariate shift, is blind to concept drift. NaN for no window.
/// `probabilities` [n x classes].
[[nodiscard]] double ExpectedAccuracy(std::span<const float> probabilities, int classes);

}  // namespace millwright::drift
