// Plain rows for methods that know no time: one row a window.
#pragma once

#include <span>
#include <vector>

#include "evaluation/samples.h"

namespace millwright::evaluation {

struct Table {
  size_t columns = 0;
  std::vector<float> values{};   // [n x columns]
  std::vector<int> labels{};     // [n]; -1: not known
  std::vector<float> targets{};  // [n] regression; else empty
  [[nodiscard]] size_t size() const { return columns == 0 ? 0 : values.size() / columns; }
  [[nodiscard]] std::span<const float> Row(size_t i) const {
    return std::span(values).subspan(i * columns, columns);
  }
};

/// Windows laid flat, step after step.
[[nodiscard]] Table Flatten(const Samples& samples);

/// Mean and standard deviation per column; a column that does not vary has deviation 1.
struct Scaler {
  std::vector<double> mean{}, deviation{};
  void Apply(Table& table) const;
};
[[nodiscard]] Scaler LearnScaler(const Table& table);

}  // namespace millwright::evaluation
