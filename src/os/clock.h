// The clock seam. Everything that decides by time takes a Clock, so that a test (or a simulated
// fleet) ticks it by hand.
#pragma once

#include <atomic>

#include "core/time.h"

namespace millwright::os {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time, UTC nanoseconds. May be wrong or jump: a gateway has no battery clock.
  [[nodiscard]] virtual Nanos Utc() const = 0;
  /// Monotonic nanoseconds from an arbitrary origin. Never jumps; all waits and budgets use it.
  [[nodiscard]] virtual Nanos Monotonic() const = 0;
  /// Blocks the calling thread (a fake clock returns when it has been advanced far enough).
  virtual void SleepFor(Nanos length) = 0;
};

class RealClock : public Clock {
 public:
  [[nodiscard]] Nanos Utc() const override;
  [[nodiscard]] Nanos Monotonic() const override;
  void SleepFor(Nanos length) override;
};

/// Stands still until Advance. Thread-safe. SleepFor advances the clock itself: a simulated program
/// never waits.
class FakeClock : public Clock {
 public:
  explicit FakeClock(Nanos utc = 1'800'000'000 * kSecond) : utc_(utc) {}
  [[nodiscard]] Nanos Utc() const override { return utc_; }
  [[nodiscard]] Nanos Monotonic() const override { return monotonic_; }
  void SleepFor(Nanos length) override { Advance(length); }
  void Advance(Nanos length) {
    utc_ += length;
    monotonic_ += length;
  }
  /// Steps wall time only, as NTP or an operator does.
  void StepUtc(Nanos length) { utc_ += length; }

 private:
  std::atomic<Nanos> utc_;
  std::atomic<Nanos> monotonic_{0};
};

}  // namespace millwright::os
