// How good a classifier is, window by window. Detection in time (alarms, delays) is detection.h's.
#pragma once

#include <span>
#include <vector>

namespace millwright::trainer {

struct Bin {
  double confidence = 0;  // mean
  double accuracy = 0;
  double count = 0;
};

struct ClassMetrics {
  std::vector<std::vector<double>> confusion{};  // [truth][guess]
  std::vector<double> recall{};                  // NaN where the class is absent
  std::vector<double> f1{};
  double accuracy = 0;
  double balanced_accuracy = 0;  // over classes present
  double macro_f1 = 0;           // over classes present
  double calibration_error = 0;  // expected calibration error, 10 bins
  double pr_auc = 0;             // of the score 1 - p(healthy) against "any fault"
  std::vector<Bin> calibration{};
  std::vector<std::pair<double, double>> pr_curve{};  // recall, precision; at most 200 points
};

/// `probabilities` [n x classes], `labels` [n] in 0..classes-1. Class 0 is healthy.
[[nodiscard]] ClassMetrics Measure(std::span<const float> probabilities,
                                   std::span<const int> labels, int classes);

/// Index of the largest value; the first of equals.
[[nodiscard]] int ArgMax(std::span<const float> values);

/// The temperature that minimises the negative log likelihood of `labels`, within 0.25..8.
[[nodiscard]] double FitTemperature(std::span<const float> logits, std::span<const int> labels,
                                    int classes);

/// Share of the commonest label: what guessing it gets right.
[[nodiscard]] double CommonestShare(std::span<const int> labels);

}  // namespace millwright::trainer
