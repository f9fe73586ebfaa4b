#include "core/time.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace millwright {
namespace {

// Reads exactly `digits` decimal digits off the front of `text`; -1 where there are none.
int TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || value < 0) return -1;
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

Nanos TakeFraction(std::string_view& text) {
  Nanos fraction = 0;
  Nanos unit = kSecond / 10;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    fraction += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return fraction;
}

}  // namespace

std::string FormatUtc(Nanos utc) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds{utc}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<size_t>(length)};
}

Result<Nanos> ParseUtc(std::string_view text) {
  using namespace std::chrono;
  const auto fail = [whole = std::string(text)] {
    return Fail(Errc::kInvalid,
                "time: \"" + whole + "\" is not RFC 3339, e.g. 2026-11-17T14:32:08Z");
  };
  const int y = TakeDigits(text, 4);
  if (y < 0 || !TakeChar(text, "-")) return fail();
  const int mo = TakeDigits(text, 2);
  if (mo < 0 || !TakeChar(text, "-")) return fail();
  const int d = TakeDigits(text, 2);
  if (d < 0) return fail();
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || y < 1970 || y > 2200) return fail();
  Nanos utc = duration_cast<nanoseconds>(sys_days{date}.time_since_epoch()).count();
  if (text.empty()) return utc;
  if (!TakeChar(text, "Tt ")) return fail();
  const int h = TakeDigits(text, 2);
  if (h < 0 || h > 23 || !TakeChar(text, ":")) return fail();
  const int mi = TakeDigits(text, 2);
  if (mi < 0 || mi > 59 || !TakeChar(text, ":")) return fail();
  const int s = TakeDigits(text, 2);
  if (s < 0 || s > 60) return fail();
  utc += (h * 3600LL + mi * 60LL + s) * kSecond;
  if (TakeChar(text, ".")) utc += TakeFraction(text);
  if (text.empty() || text == "Z" || text == "z") return utc;
  const bool west = text.front() == '-';
  if (!TakeChar(text, "+-")) return fail();
  const int zh = TakeDigits(text, 2);
  if (zh < 0 || !TakeChar(text, ":")) return fail();
  const int zm = TakeDigits(text, 2);
  if (zm < 0 || !text.empty()) return fail();
  const Nanos offset = (zh * 3600LL + zm * 60LL) * kSecond;
  return west ? utc + offset : utc - offset;
}

}  // namespace millwright
