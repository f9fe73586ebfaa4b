#include "drift/page_hinkley.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millwright::drift {

PageHinkley::PageHinkley(PageHinkleyOptions options) : options_(options) { Reset(); }

void PageHinkley::Reset() {
  count_ = 0;
  mean_ = up_ = down_ = 0;
  lowest_ = std::numeric_limits<double>::infinity();
  highest_ = -lowest_;
  alarm_ = false;
}

bool PageHinkley::Push(double value) {
  if (!std::isfinite(value)) return false;
  if (alarm_) Reset();
  ++count_;
  mean_ += (value - mean_) / static_cast<double>(count_);
  const double deviation = value - mean_;
  up_ = options_.forgetting * up_ + deviation - options_.delta;
  down_ = options_.forgetting * down_ + deviation + options_.delta;
  lowest_ = std::min(lowest_, up_);
  highest_ = std::max(highest_, down_);
  alarm_ = count_ >= options_.min_values &&
           (up_ - lowest_ > options_.threshold || highest_ - down_ > options_.threshold);
  return alarm_;
}

}  // namespace millwright::drift
