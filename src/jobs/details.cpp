#include "jobs/details.h"

#include <iterator>
#include <string>

#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

// Unicode's controls: below a blank, and 0x7f to 0x9f, which are c2 80 to c2 9f in UTF-8.
bool IsControlAt(std::string_view text, size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x20 || byte == 0x7f) return true;
  if (i == 0 || static_cast<unsigned char>(text[i - 1]) != 0xc2) return false;
  return byte >= 0x80 && byte <= 0x9f;
}

bool HasControl(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i)
    if (IsControlAt(text, i)) return true;
  return false;
}

void Fit(std::string& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    if (!IsControlAt(out, i)) continue;
    if (static_cast<unsigned char>(out[i]) >= 0x80) out[i - 1] = ' ';  // both halves
    out[i] = ' ';
  }
  if (out.size() <= kDetailValueMax) return;
  size_t end = kDetailValueMax;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  out.resize(end);
}

}  // namespace

Result<void> CheckDetails(const Details& details) {
  const auto wrong = [](std::string_view key, const char* what) {
    return Fail(Errc::kInvalid,
                "statusDetails: \"" + std::string(key.substr(0, 40)) + "\" " + what);
  };
  if (details.size() > kDetailsMax)
    return Fail(Errc::kInvalid, "statusDetails has more than 10 pairs");
  for (const auto& [key, value] : details) {
    if (!IsThingName(key)) return wrong(key, "is not 1 to 128 letters, digits, ':', '_', '-'");
    if (value.empty()) return wrong(key, "is empty");
    if (value.size() > kDetailValueMax) return wrong(key, "has more than 1024 bytes");
    if (HasControl(value)) return wrong(key, "holds a control character");
  }
  return {};
}

Details FitDetails(Details details) {
  std::erase_if(details,
                [](const auto& pair) { return !IsThingName(pair.first) || pair.second.empty(); });
  while (details.size() > kDetailsMax) details.erase(std::prev(details.end()));
  for (auto& [key, value] : details) Fit(value);
  return details;
}

bool IsClientToken(std::string_view token) { return IsId(token); }

}  // namespace millwright::jobs
