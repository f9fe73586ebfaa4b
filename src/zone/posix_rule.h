// The rule that a zone follows after the last change its file lists: "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace millwright {

struct PosixRule {
  /// One day a year, and the time of that day on the clock that holds until then.
  struct Day {
    enum class Kind : uint8_t { kMonthWeek, kJulian, kZeroBased } kind = Kind::kMonthWeek;
    int month = 1, week = 1, weekday = 0;  // week 5: the last; weekday 0: Sunday
    int day = 0;                           // of the other kinds; kJulian never counts 29 February
    int32_t time_s = 7200;                 // may be beyond a day, or below 0
    /// Seconds since 1970 on the local clock.
    [[nodiscard]] int64_t In(int year) const;
  };
  int32_t standard_s = 0, summer_s = 0;  // east of Greenwich
  bool has_summer = false;
  Day begin{}, end{};
};

/// kInvalid: it is none.
[[nodiscard]] Result<PosixRule> ReadPosixRule(std::string_view text);

}  // namespace millwright
