// Real time, told faster: everything that the agent waits for by its clock comes `times` sooner.
// Threads, locks and the measured latencies stay real.
#pragma once

#include <chrono>
#include <thread>

#include "os/clock.h"

namespace millwright::bench {

/// Real nanoseconds since some moment of this run: what is measured is measured by it.
[[nodiscard]] inline Nanos RealNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class FastClock : public os::Clock {
 public:
  FastClock(Nanos utc, int times) : utc_(utc), times_(times), began_(RealNow()) {}
  [[nodiscard]] Nanos Utc() const override { return utc_ + Monotonic(); }
  [[nodiscard]] Nanos Monotonic() const override { return (RealNow() - began_) * times_; }
  void SleepFor(Nanos length) override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(length / times_));
  }
  /// The real moment at which this clock says so.
  [[nodiscard]] Nanos RealAt(Nanos monotonic) const { return began_ + monotonic / times_; }

 private:
  const Nanos utc_;
  const int times_;
  const Nanos began_;
};

}  // namespace millwright::bench
