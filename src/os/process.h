// What a daemon asks of its process: stop signals, the service manager, its own memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::os {

/// Blocks SIGINT, SIGTERM and SIGHUP in every thread and returns a signalfd that becomes readable
/// on them. Call before any thread starts.
[[nodiscard]] Result<int> OpenStopSignals();

/// Reads one pending signal from OpenStopSignals' descriptor; 0 where there is none.
[[nodiscard]] int TakeSignal(int fd);

/// Tells systemd (NOTIFY_SOCKET), e.g. "READY=1", "WATCHDOG=1", "STATUS=...". Without systemd it
/// does nothing.
void NotifyServiceManager(std::string_view state);

/// Half of WATCHDOG_USEC in nanoseconds: how often "WATCHDOG=1" is due; 0 without a watchdog.
[[nodiscard]] int64_t WatchdogPeriod();

/// Resident memory of this process in bytes, from /proc/self/statm.
[[nodiscard]] int64_t ResidentBytes();

/// What this machine is, for people: "Raspberry Pi 4 Model B Rev 1.4" from the device tree, else
/// the product's name from the firmware's tables, else the processor's kind ("x86_64"). At most 128
/// bytes.
[[nodiscard]] std::string HardwareName();

/// Names the calling thread (at most 15 characters), for top and gdb.
void NameThread(std::string_view name);

enum class Urgency : uint8_t { kOrdinary, kNice, kRealTime };
[[nodiscard]] std::string_view Name(Urgency urgency);

/// Puts the calling thread before ordinary ones as far as this process may: real-time round robin
/// (RLIMIT_RTPRIO or CAP_SYS_NICE), or a lower nice value (RLIMIT_NICE), or as it was. `rank`, 1 to
/// 10, orders the urgent threads among themselves. For threads that sleep most of the time. What
/// was reached.
[[nodiscard]] Urgency MakeThreadUrgent(int rank);

}  // namespace millwright::os
