// Has the world moved away from a reference, told by inputs alone? A row is novel where no row of
// the reference is near; a CUSUM whose limit was solved for a wished rate of false flags counts
// novel rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "drift/error_cusum.h"
#include "evaluation/linear.h"
#include "evaluation/table.h"

namespace millwright::evaluation {

inline constexpr double kRowsIn30Days = 30.0 * 24 * 3600;  // at 1 Hz

struct NoveltyOptions {
  size_t components = 8;  // principal ones that distances are measured in, each of deviation 1
  double novel = 0.1;     // share of stable rows that are farther than the limit
  double drifted = 0.6;   // share of novel rows that shall be found soon
  double false_flags_per_row = 1 / kRowsIn30Days;
  size_t rows_max = 1000;  // of the reference that are kept, evenly spread
};

/// The limit of a row's distance is a quantile of the distances of reference rows to their nearest
/// fellow, so a stable row passes it with the same chance; how far a finite reference may be off is
/// allowed for by four standard deviations of a share. Rows are taken as independent.
class NoveltyDrift {
 public:
  /// `reference` unlabelled, unscaled. kInvalid for fewer than 50 rows or too few columns.
  [[nodiscard]] static Result<NoveltyDrift> Learn(const Table& reference,
                                                  const NoveltyOptions& options = {});

  /// True where no reference row lies within the limit. `row` [columns].
  [[nodiscard]] bool IsNovel(std::span<const float> row) const;
  /// One row of the stream; true at a flag, after which the sum begins anew.
  bool Push(std::span<const float> row) { return cusum_.Push(IsNovel(row)); }

  [[nodiscard]] double healthy() const { return healthy_; }  // allowed share of novel rows
  [[nodiscard]] double limit() const { return limit_; }
  /// Rows between false flags, on average, at the allowed share.
  [[nodiscard]] double MeanRowsBetweenFlags() const { return cusum_.MeanRunLength(healthy_); }

 private:
  NoveltyDrift(LinearMap map, const drift::ErrorCusum& cusum)
      : map_(std::move(map)), cusum_(cusum) {}
  LinearMap map_;
  std::vector<float> reference_;  // [rows x components]
  double limit_ = 0, healthy_ = 0;
  drift::ErrorCusum cusum_;
};

/// Which `count` rows of `pool` [n x columns] stand best for all: each next one is that which
/// brings the rows nearest to a chosen one, a row counting by its weight [n]. Greedy facility
/// location; source: Nemhauser, Wolsey & Fisher 1978 (at least 63 % of the best).
[[nodiscard]] std::vector<size_t> ChooseRepresentatives(const Table& pool,
                                                        std::span<const double> weights,
                                                        size_t count);

}  // namespace millwright::evaluation
