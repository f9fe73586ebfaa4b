#include "evaluation/table.h"

#include <cmath>

#include "core/check.h"

namespace millwright::evaluation {

Table Flatten(const Samples& samples) {
  Table out{.columns = static_cast<size_t>(samples.steps) * static_cast<size_t>(samples.features)};
  out.values.reserve(out.columns * samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto window = samples.Window(i);
    out.values.insert(out.values.end(), window.begin(), window.end());
  }
  out.labels = samples.labels;
  out.targets = samples.targets;
  return out;
}

Scaler LearnScaler(const Table& table) {
  Scaler out{.mean = std::vector<double>(table.columns),
             .deviation = std::vector<double>(table.columns)};
  const auto n = static_cast<double>(table.size());
  for (size_t i = 0; i < table.size(); ++i)
    for (size_t c = 0; c < table.columns; ++c)
      out.mean[c] += static_cast<double>(table.Row(i)[c]) / n;
  for (size_t i = 0; i < table.size(); ++i)
    for (size_t c = 0; c < table.columns; ++c)
      out.deviation[c] += std::pow(static_cast<double>(table.Row(i)[c]) - out.mean[c], 2) / n;
  for (double& d : out.deviation) d = d > 1e-24 ? std::sqrt(d) : 1;
  return out;
}

void Scaler::Apply(Table& table) const {
  MW_CHECK(table.columns == mean.size());
  for (size_t i = 0; i < table.values.size(); ++i) {
    const size_t c = i % table.columns;
    table.values[i] =
        static_cast<float>((static_cast<double>(table.values[i]) - mean[c]) / deviation[c]);
  }
}

}  // namespace millwright::evaluation
