// Vibration zones A to D: boundaries are data with their source, never code. Web copies of these
// tables disagree and the standard itself is paid for, so each site states its own limits; these
// are what millwright ships as defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millwright::dsp {

/// Velocity boundaries in mm/s RMS, 10-1000 Hz.
struct ZoneLimits {
  std::string_view key;   // "iso20816-3/2/flexible"
  std::string_view what;  // for people
  std::string_view source;
  double a_b = 0, b_c = 0, c_d = 0;
};

enum class Zone : uint8_t { kA, kB, kC, kD };  // new, unrestricted, limited time, damaging

[[nodiscard]] std::span<const ZoneLimits> KnownZoneLimits();
[[nodiscard]] std::optional<ZoneLimits> FindZoneLimits(std::string_view key);
[[nodiscard]] constexpr Zone ZoneOf(const ZoneLimits& limits, double velocity_mm_s) {
  if (velocity_mm_s < limits.a_b) return Zone::kA;
  if (velocity_mm_s < limits.b_c) return Zone::kB;
  return velocity_mm_s < limits.c_d ? Zone::kC : Zone::kD;
}

}  // namespace millwright::dsp
