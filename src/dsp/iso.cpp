#include "dsp/iso.h"

#include <algorithm>
#include <array>

namespace millwright::dsp {
namespace {

constexpr std::string_view kPart1 =
    "ISO 10816-1:1995 annex B, informative; check against your copy";
constexpr std::string_view kPart3 = "ISO 20816-3:2022; check against your copy";

constexpr std::array<ZoneLimits, 8> kLimits = {{
    {"iso10816-1/I", "up to 15 kW", kPart1, 0.71, 1.8, 4.5},
    {"iso10816-1/II", "15 to 75 kW", kPart1, 1.12, 2.8, 7.1},
    {"iso10816-1/III", "large, rigid foundation", kPart1, 1.8, 4.5, 11.2},
    {"iso10816-1/IV", "large, flexible foundation", kPart1, 2.8, 7.1, 18},
    {"iso20816-3/1/rigid", "above 300 kW, rigid", kPart3, 2.3, 4.5, 7.1},
    {"iso20816-3/1/flexible", "above 300 kW, flexible", kPart3, 3.5, 7.1, 11.0},
    {"iso20816-3/2/rigid", "15 to 300 kW, rigid", kPart3, 1.4, 2.8, 4.5},
    {"iso20816-3/2/flexible", "15 to 300 kW, flexible", kPart3, 2.3, 4.5, 7.1},
}};

}  // namespace

std::span<const ZoneLimits> KnownZoneLimits() { return kLimits; }

std::optional<ZoneLimits> FindZoneLimits(std::string_view key) {
  const auto found = std::ranges::find(kLimits, key, &ZoneLimits::key);
  if (found == kLimits.end()) return std::nullopt;
  return *found;
}

}  // namespace millwright::dsp
