#include "core/ids.h"

namespace millwright {

std::string_view Name(Lane lane) {
  switch (lane) {
    case Lane::kAlarm:
      return "alarm";
    case Lane::kHealth:
      return "health";
    case Lane::kFeatures:
      return "features";
    case Lane::kRaw:
      return "raw";
  }
  return "raw";
}

Result<void> CheckIdText(std::string_view what, std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return Fail(Errc::kInvalid,
                std::string(what) + " \"" + std::string(text) + "\": " + std::string(why));
  };
  if (text.empty()) return fail("is empty");
  if (text.size() > 64) return fail("is longer than 64 characters");
  if (text.front() == '.' || text.front() == '-') return fail("starts with '.' or '-'");
  for (const char c : text) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '.' || c == '-';
    if (!ok) return fail("only letters, digits, '_', '.' and '-' are allowed");
  }
  return {};
}

}  // namespace millwright
