#include "drift/healthy_tail.h"

#include <algorithm>
#include <cmath>

namespace millwright::drift {
namespace {

constexpr size_t kValuesMin = 200;
constexpr double kTailShare = 0.01;
constexpr size_t kTailMin = 20;

}  // namespace

Result<HealthyTail> HealthyTail::Learn(std::vector<double> values) {
  if (values.size() < kValuesMin)
    return Fail(Errc::kInvalid, "drift: " + std::to_string(values.size()) +
                                    " healthy device-weeks are too few to learn limits from");
  if (!std::ranges::all_of(values, [](double v) { return std::isfinite(v); }))
    return Fail(Errc::kInvalid, "drift: a healthy statistic is not finite");
  HealthyTail out;
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  const size_t above = std::max(kTailMin, static_cast<size_t>(n * kTailShare));
  out.from_ = values[values.size() - above - 1];
  double excess = 0;
  for (size_t i = values.size() - above; i < values.size(); ++i) excess += values[i] - out.from_;
  const auto k = static_cast<double>(above);
  out.share_ = (k + 1) / (n + 1);
  out.excess_ = excess / k * (1 + 1 / std::sqrt(k));  // one standard error to the safe side
  out.values_ = std::move(values);
  return out;
}

double HealthyTail::PValue(double statistic) const {
  if (std::isnan(statistic)) return 1;
  if (statistic > from_ && excess_ > 0) return share_ * std::exp(-(statistic - from_) / excess_);
  const auto as_large = values_.end() - std::ranges::lower_bound(values_, statistic);
  return (static_cast<double>(as_large) + 1) / (static_cast<double>(values_.size()) + 1);
}

}  // namespace millwright::drift
