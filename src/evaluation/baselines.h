// The simple methods that stand beside every model, on the same split and the same rows.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/table.h"

namespace millwright::evaluation {

struct Forest {
  int trees = 200;
  int depth = 20;
  int leaf = 2;  // rows in a leaf at least
  uint64_t seed = 1;
};

/// Each gives scores [n x classes] of `test`; the largest is the guess. Rows without a label do not
/// teach. LDA and 1-NN scale the columns by the training rows; a single-class training set scores
/// that class.
[[nodiscard]] Result<std::vector<float>> Majority(const Table& train, const Table& test,
                                                  int classes);
[[nodiscard]] Result<std::vector<float>> Lda(const Table& train, const Table& test, int classes,
                                             double shrinkage = 1e-3);
[[nodiscard]] Result<std::vector<float>> NearestNeighbour(const Table& train, const Table& test,
                                                          int classes);
/// Random forest (OpenCV's RTrees); scores are shares of the trees' votes.
[[nodiscard]] Result<std::vector<float>> RandomForest(const Table& train, const Table& test,
                                                      int classes, const Forest& options = {});
/// The same for Table::targets: values [n].
[[nodiscard]] Result<std::vector<float>> ForestValues(const Table& train, const Table& test,
                                                      const Forest& options = {});

/// One baseline's scores, by its name in the report.
struct NamedScores {
  std::string name;
  std::vector<float> scores{};
};
/// Majority, LDA, 1-NN and random forest on one split.
[[nodiscard]] Result<std::vector<NamedScores>> AllBaselines(const Table& train, const Table& test,
                                                            int classes, uint64_t seed);

}  // namespace millwright::evaluation
