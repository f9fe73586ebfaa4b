// Time types. Wall time is integer UTC nanoseconds everywhere, on the wire and on disk; intervals
// that decide anything are measured on the monotonic clock, since a gateway has no battery clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright {

using Nanos = int64_t;  // UTC nanoseconds since 1970, or a length in nanoseconds

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

[[nodiscard]] constexpr double Seconds(Nanos length) { return static_cast<double>(length) * 1e-9; }
[[nodiscard]] constexpr Nanos FromSeconds(double seconds) {
  return static_cast<Nanos>(seconds * 1e9);
}

/// "2026-11-17T14:32:08.123456789Z".
[[nodiscard]] std::string FormatUtc(Nanos utc);

/// Parses RFC 3339 with 'T' or a blank between date and time; no zone means UTC.
[[nodiscard]] Result<Nanos> ParseUtc(std::string_view text);

}  // namespace millwright
