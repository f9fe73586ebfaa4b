// Linear methods that are both baselines and, as projections in float before the INT8 input, what a
// small net can be given.
#pragma once

#include <span>
#include <vector>

#include "core/result.h"
#include "evaluation/table.h"

namespace millwright::evaluation {

/// scores = weights x row + biases: what a bundle would carry.
struct LinearMap {
  size_t inputs = 0, outputs = 0;
  std::vector<double> weights{};  // [outputs x inputs]
  std::vector<double> biases{};   // [outputs]
  void Run(std::span<const float> row, std::span<double> scores) const;
};

/// Fisher's discriminant: log posterior of each class, up to what all classes share, with equal
/// priors. The pooled covariance is shrunk to (1 - shrinkage) S + shrinkage x mean variance x I.
/// kInvalid where a class of 0..classes-1 has no row.
[[nodiscard]] Result<LinearMap> LearnLda(const Table& train, int classes, double shrinkage);

/// Least squares with a penalty on the standardised weights: (X'X + penalty n I) w = X'y.
[[nodiscard]] Result<LinearMap> LearnRidge(const Table& train, double penalty);

/// Principal components of the standardised columns, each with mean 0 and deviation 1 over `train`;
/// the largest first. kInvalid where the rows do not vary in so many directions.
[[nodiscard]] Result<LinearMap> LearnWhitening(const Table& train, int components);

/// Scores of all rows: [n x outputs].
[[nodiscard]] std::vector<float> Scores(const LinearMap& map, const Table& table);

}  // namespace millwright::evaluation
