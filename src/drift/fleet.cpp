#include "drift/fleet.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace millwright::drift {
namespace {

// The largest k whose k-th best value passes `holds(value, k)`; the indices up to it, ascending.
template <typename Better, typename Holds>
std::vector<size_t> StepUp(std::span<const double> values, Better better, Holds holds) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, better, [&](size_t i) { return values[i]; });
  size_t keep = 0;
  for (size_t k = 1; k <= order.size(); ++k)
    if (holds(values[order[k - 1]], static_cast<double>(k))) keep = k;
  order.resize(keep);
  std::ranges::sort(order);
  return order;
}

}  // namespace

std::vector<size_t> BenjaminiHochberg(std::span<const double> p_values, double rate) {
  const auto n = static_cast<double>(p_values.size());
  return StepUp(p_values, std::less<>{}, [&](double p, double k) { return p <= rate * k / n; });
}

std::vector<size_t> EBenjaminiHochberg(std::span<const double> e_values, double rate) {
  const auto n = static_cast<double>(e_values.size());
  return StepUp(e_values, std::greater<>{},
                [&](double e, double k) { return e >= n / (rate * k); });
}

bool Confirmation::Push(bool hit) {
  history_ = history_ << 1 | (hit ? 1U : 0U);
  const uint64_t window = n_ >= 64 ? ~uint64_t{0} : (uint64_t{1} << n_) - 1;
  return std::popcount(history_ & window) >= k_;
}

bool CoolDown::Push(bool alarm) {
  if (left_ > 0) {
    --left_;
    return false;
  }
  if (alarm) left_ = rest_;
  return alarm;
}

}  // namespace millwright::drift
