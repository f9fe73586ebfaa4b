// What a linear baseline knows, given to a small net: discriminant scores of the part of a cycle
// that was seen so far, computed in float before the INT8 input. A bundle would carry the maps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "evaluation/linear.h"
#include "evaluation/table.h"

namespace millwright::evaluation {

/// How the columns of a table come in over a cycle: column c is there from step step_of[c] on.
struct StepColumns {
  int steps = 0;
  std::vector<int> step_of{};
  bool own_only = false;  // a step sees its own columns and not those before
  [[nodiscard]] bool Sees(int step, size_t column) const {
    return own_only ? step_of[column] == step : step_of[column] <= step;
  }
};

/// A discriminant for each step, of the columns that are there by then. Learned on training rows.
class Projection {
 public:
  /// `table` unscaled; classes without a row are given no score.
  [[nodiscard]] static Result<Projection> Learn(const Table& table, const StepColumns& columns,
                                                int classes, double shrinkage);
  /// [n x steps x classes]: scores less their mean, of a spread near one.
  [[nodiscard]] std::vector<float> Steps(const Table& table) const;

 private:
  struct Map {
    std::vector<size_t> columns{};
    Scaler scaler{};
    LinearMap map{};
    double spread = 1;
  };
  std::vector<Map> maps_;
  std::vector<int> back_;  // class of each score
  int classes_ = 0;
};

/// Steps of every row by a projection that did not see the row's group: what a net may train on.
/// `groups` [n].
[[nodiscard]] Result<std::vector<float>> CrossFitSteps(const Table& table,
                                                       std::span<const int> groups,
                                                       const StepColumns& columns, int classes,
                                                       double shrinkage, int folds, uint64_t seed);

/// Scores as a net can generalise from them: posteriors, whose temperature at each step was fitted
/// on scores of rows that the projection had not seen. How far scores are apart differs from one
/// condition to the next; how sure they make one less.
class Posteriors {
 public:
  /// `scores` [n x steps x classes], `labels` [n].
  [[nodiscard]] static Posteriors Learn(std::span<const float> scores, std::span<const int> labels,
                                        int steps, int classes);
  /// In place; a probability p becomes 4 p - 2.
  void Apply(std::vector<float>& scores) const;

 private:
  size_t classes_ = 0;
  std::vector<double> temperatures_;  // [steps]
};

/// The named rows.
[[nodiscard]] Table PickRows(const Table& table, std::span<const size_t> rows);
/// The named columns, with all labels and targets.
[[nodiscard]] Table PickColumns(const Table& table, std::span<const size_t> columns);

}  // namespace millwright::evaluation
