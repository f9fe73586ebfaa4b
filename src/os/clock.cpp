#include "os/clock.h"

#include <chrono>
#include <thread>

namespace millwright::os {

Nanos RealClock::Utc() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Nanos RealClock::Monotonic() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void RealClock::SleepFor(Nanos length) {
  std::this_thread::sleep_for(std::chrono::nanoseconds{length});
}

}  // namespace millwright::os
