// How long to wait before the next attempt to connect.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.h"

namespace millwright::mqtt {

/// Doubles from `min` up to `max`; each wait is drawn from the upper half of the step, so that a
/// fleet that lost the same broker does not come back in one instant.
class Backoff {
 public:
  Backoff(Nanos min, Nanos max, uint64_t seed)
      : min_(std::max<Nanos>(min, kMillisecond)),
        max_(std::max(max, min_)),
        step_(min_),
        state_(seed | 1) {}

  [[nodiscard]] Nanos Next() {
    const Nanos step = step_;
    step_ = std::min(max_, step_ * 2);
    state_ ^= state_ << 13;  // xorshift64 (Marsaglia 2003): plenty for jitter
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return step / 2 + static_cast<Nanos>(state_ % static_cast<uint64_t>(step / 2 + 1));
  }

  void Reset() { step_ = min_; }

 private:
  Nanos min_;
  Nanos max_;
  Nanos step_;
  uint64_t state_;
};

}  // namespace millwright::mqtt
