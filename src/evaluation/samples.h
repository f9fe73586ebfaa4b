// What a net is fed: windows into one table of rows that are standardised and projected in float,
// before they meet the INT8 input grid.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace millwright::evaluation {

/// Where a window lies, for --predictions.
struct Place {
  std::string recording;
  double start_s = 0, end_s = 0;
};

struct Samples {
  int steps = 0;
  int features = 0;
  int classes = 0;                                   // 1: regression
  std::shared_ptr<const std::vector<float>> rows{};  // [n_rows x features]
  std::vector<uint32_t> first{};  // window i is rows first[i] .. first[i] + steps - 1
  std::vector<int> labels{};      // [n] class; -1 where the truth is not known
  std::vector<float> targets{};   // [n] regression, as the net shall say them; else empty
  std::vector<int> groups{};      // [n] the unit of the split; or empty
  std::vector<Place> places{};    // [n]; or empty

  [[nodiscard]] size_t size() const { return first.size(); }
  [[nodiscard]] std::span<const float> Window(size_t i) const {
    const auto width = static_cast<size_t>(features);
    return std::span(*rows).subspan(first[i] * width, static_cast<size_t>(steps) * width);
  }
  /// The named windows, over the same rows.
  [[nodiscard]] Samples Pick(std::span<const size_t> indices) const;
};

/// A table of windows that do not overlap: `values` [n x steps x features].
[[nodiscard]] Samples MakeSamples(std::vector<float> values, int steps, int features, int classes,
                                  std::vector<int> labels);

/// Indices of the windows whose group is (not) in `groups`.
[[nodiscard]] std::vector<size_t> InGroups(const Samples& samples, std::span<const int> groups);
[[nodiscard]] std::vector<size_t> NotInGroups(const Samples& samples, std::span<const int> groups);

/// Deals the distinct groups into `folds` by a seeded shuffle; each list is one fold's groups.
[[nodiscard]] std::vector<std::vector<int>> DealGroups(const Samples& samples, int folds,
                                                       uint64_t seed);

}  // namespace millwright::evaluation
