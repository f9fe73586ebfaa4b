// How a gateway stands with its certificate: what its health report tells.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/time.h"

namespace millwright::identity {

enum class Standing : uint8_t {
  kNotKept,  // nobody renews it here: [identity] is not configured
  kGood,
  kDue,      // it should be renewed by now, and the hub has not answered yet
  kRefused,  // the hub refuses: only a person can help
  kEnded,    // it is over, or there is none: no broker takes this gateway
};

[[nodiscard]] constexpr std::string_view Name(Standing standing) {
  switch (standing) {
    case Standing::kNotKept:
      return "";
    case Standing::kGood:
      return "good";
    case Standing::kDue:
      return "due";
    case Standing::kRefused:
      return "refused";
    case Standing::kEnded:
      return "ended";
  }
  return "";
}

/// When two thirds of a life are over. Hub and gateway reckon alike.
[[nodiscard]] constexpr Nanos RenewFrom(Nanos from, Nanos until) {
  return from + (until - from) / 3 * 2;
}

}  // namespace millwright::identity
