// Do two samples of one feature come from one distribution? Limits follow from the sample sizes:
// fixed ones ("PSI above 0.1") fire by chance on small samples and never on large ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"

namespace millwright::drift {

struct KsResult {
  double statistic = 0;  // largest distance of the two distribution functions
  double p_value = 1;
};

/// Two-sample Kolmogorov-Smirnov, two-sided. The p-value is exact (lattice paths) up to a product
/// of sizes of 10^6, above by Kolmogorov's limit with Stephens' correction; with ties it is an
/// upper bound. Values that are not finite do not count; p = 1 where a sample is empty.
[[nodiscard]] KsResult KolmogorovSmirnov(std::span<const float> a, std::span<const float> b);

/// Counts of a feature in bins whose edges were drawn once, from a reference. Mergeable: a gateway
/// sends counts, a hub adds them up.
class Histogram {
 public:
  /// Edges at the quantiles of `reference`, so that each bin holds about the same share. kInvalid
  /// for fewer than 2 bins or fewer than 5 values a bin. Equal edges fall together: a constant has
  /// one bin.
  [[nodiscard]] static Result<Histogram> FromReference(std::span<const float> reference, int bins);
  /// The same edges, no counts.
  [[nodiscard]] Histogram Empty() const;
  void Add(float value);  // what is not finite is counted apart
  /// kConflict where the edges differ.
  [[nodiscard]] Result<void> Merge(const Histogram& other);
  [[nodiscard]] static bool SameEdges(const Histogram& a, const Histogram& b) {
    return a.edges_ == b.edges_;
  }

  [[nodiscard]] const std::vector<int64_t>& counts() const { return counts_; }
  [[nodiscard]] int64_t total() const;
  [[nodiscard]] int64_t not_finite() const { return not_finite_; }
  [[nodiscard]] size_t bins() const { return counts_.size(); }

 private:
  std::vector<float> edges_;  // upper edge of each bin but the last
  std::vector<int64_t> counts_;
  int64_t not_finite_ = 0;
};

/// Population stability index of `now` against `reference`, half a count added to each bin.
[[nodiscard]] double Psi(const Histogram& reference, const Histogram& now);

/// PSI above this has probability `tail` where nothing changed: (1/n + 1/m) chi-square(bins - 1).
/// Source: Yurdakul 2018, "Statistical properties of population stability index".
[[nodiscard]] double PsiLimit(double n, double m, size_t bins, double tail);

}  // namespace millwright::drift
