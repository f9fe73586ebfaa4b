// An anytime-valid test whether a new model's score is worse than the old one's, on the same
// windows. It may be looked at after every window: over a whole probation, however long, a model
// that is not worse is called worse with probability alpha at most.
#pragma once

#include <array>
#include <cstdint>

#include "core/result.h"

namespace millwright::slots {

struct PairedTestOptions {
  double alpha = 0.001;      // false alarms over the whole life of the test
  double tolerance = 0.005;  // a mean loss up to here is not worse
  int block = 4;             // pairs are averaged in blocks: neighbours are not independent
  double clip = 0.25;        // and a block's mean counts at most this much, either way
};

/// A betting test of "blocks of differences new - old have a mean of at least -tolerance". Wealth
/// that a fair game does not give: the average over a grid of bets of prod(1 - bet * (d +
/// tolerance)) is a nonnegative supermartingale under that hypothesis, so it exceeds 1 / alpha with
/// probability alpha at most (Ville's inequality). Clipping lets bets be larger, blocks take out
/// the correlation of neighbours, which would break the hypothesis' "given the past". Source:
/// Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting".
class PairedTest {
 public:
  /// kInvalid names the option that is out of range.
  [[nodiscard]] static Result<PairedTest> Make(PairedTestOptions options);

  /// One pair: `difference` = new - old, in [-1, 1] (clamped). Pairs are of windows that do not
  /// overlap.
  void Push(double difference);

  /// True from the moment on that the evidence sufficed; it stays so.
  [[nodiscard]] bool worse() const { return worse_; }
  /// Natural logarithm of the wealth now; the test decides at log(1 / alpha).
  [[nodiscard]] double log_evidence() const;
  [[nodiscard]] double log_limit() const { return log_limit_; }
  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  void Reset();

 private:
  static constexpr size_t kBets = 12;
  explicit PairedTest(PairedTestOptions options);

  PairedTestOptions options_;
  double log_limit_;
  std::array<double, kBets> bets_{};
  std::array<double, kBets> log_wealth_{};
  int64_t count_ = 0;
  double sum_ = 0;
  int in_block_ = 0;
  double block_sum_ = 0;
  bool worse_ = false;
};

}  // namespace millwright::slots
