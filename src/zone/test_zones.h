// For tests: compiled zone files that hold nothing but a rule.
#pragma once

#include <string>

#include "zone/time_zone.h"

namespace millwright {

inline constexpr const char* kBerlinRule = "CET-1CEST,M3.5.0,M10.5.0/3";

/// RFC 8536: two headers with one type each and no change, then the rule.
inline std::string TestZoneFile(const std::string& rule) {
  const auto number = [](char value) { return std::string(3, '\0') + value; };
  const std::string header = "TZif2" + std::string(15, '\0') + number(0) + number(0) + number(0) +
                             number(0) + number(1) + number(4);
  const std::string type = std::string(6, '\0') + std::string("LMT\0", 4);
  return header + type + header + type + "\n" + rule + "\n";
}

inline TimeZone TestZone(const std::string& rule) {
  return TimeZone::Parse(os::AsBytes(TestZoneFile(rule))).value();
}

}  // namespace millwright
