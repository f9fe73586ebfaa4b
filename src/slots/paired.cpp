#include "slots/paired.h"

#include <algorithm>
#include <cmath>

namespace millwright::slots {

Result<PairedTest> PairedTest::Make(PairedTestOptions options) {
  if (!(options.alpha > 0 && options.alpha < 1))
    return Fail(Errc::kInvalid, "slots: alpha is not between 0 and 1");
  if (!(options.tolerance >= 0 && options.tolerance < 1))
    return Fail(Errc::kInvalid, "slots: tolerance is not in [0, 1)");
  if (options.block < 1 || options.block > 1000)
    return Fail(Errc::kInvalid, "slots: block is not between 1 and 1000");
  if (!(options.clip > 0 && options.clip <= 1))
    return Fail(Errc::kInvalid, "slots: clip is not in (0, 1]");
  return PairedTest(options);
}

PairedTest::PairedTest(PairedTestOptions options)
    : options_(options), log_limit_(std::log(1 / options.alpha)) {
  // Geometric, from bets for small losses in noisy scores to the largest that cannot lose
  // everything.
  const double highest = 0.9 / (options.clip + options.tolerance);
  const double lowest = 0.05;
  for (size_t i = 0; i < kBets; ++i)
    bets_[i] = lowest * std::pow(highest / lowest, static_cast<double>(i) / (kBets - 1));
}

void PairedTest::Push(double difference) {
  const double d = std::isfinite(difference) ? std::clamp(difference, -1.0, 1.0) : -1.0;
  ++count_;
  sum_ += d;
  block_sum_ += d;
  if (++in_block_ < options_.block) return;
  const double mean = std::clamp(block_sum_ / options_.block, -options_.clip, options_.clip);
  in_block_ = 0;
  block_sum_ = 0;
  for (size_t i = 0; i < kBets; ++i)
    log_wealth_[i] += std::log1p(-bets_[i] * (mean + options_.tolerance));
  worse_ = worse_ || log_evidence() >= log_limit_;
}

double PairedTest::log_evidence() const {
  const double highest = *std::ranges::max_element(log_wealth_);
  double sum = 0;
  for (const double w : log_wealth_) sum += std::exp(w - highest);
  return highest + std::log(sum / kBets);
}

void PairedTest::Reset() {
  log_wealth_.fill(0);
  count_ = 0;
  sum_ = 0;
  in_block_ = 0;
  block_sum_ = 0;
  worse_ = false;
}

}  // namespace millwright::slots
