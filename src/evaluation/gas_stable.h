// Sensors that do not drift, for as long as one likes: a detector's false flags are counted there.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "core/result.h"
#include "evaluation/table.h"

namespace millwright::evaluation {

/// Rows like those of a labelled table, drawn independently: somewhere between two rows of one
/// class, with noise of a twentieth of each column's deviation.
class StableRows {
 public:
  /// Borrows `like`, which needs a row with a label.
  StableRows(const Table& like, uint64_t seed);
  /// The next row; valid until the next call.
  [[nodiscard]] std::span<const float> Next();

 private:
  const Table& like_;
  std::vector<size_t> rows_{};                  // with a label
  std::vector<std::vector<size_t>> classes_{};  // rows of each class
  std::vector<float> noise_{}, row_{};          // [columns]
  std::mt19937_64 random_;
  std::normal_distribution<float> normal_{};
};

/// Flags of a NoveltyDrift on `rows` such rows, its reference being as many more as `like` has.
[[nodiscard]] Result<int> FlagsOnStableRows(const Table& like, size_t rows, uint64_t seed);

}  // namespace millwright::evaluation
