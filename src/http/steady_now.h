// The room's time for deadlines and idle limits: it waits on real sockets, so on the real clock.
#pragma once

#include "os/clock.h"

namespace millwright::http {

[[nodiscard]] inline Nanos SteadyNow() { return os::RealClock().Monotonic(); }

}  // namespace millwright::http
