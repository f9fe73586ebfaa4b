#include "hub/rollout/windows.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace millwright::hub {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr Nanos kMinute = 60 * kSecond;
constexpr int kDayMinutes = 24 * 60;
constexpr size_t kWindowsMax = 50;
constexpr int kLookDays = 16;  // a week's only window may fall into a skipped hour
constexpr std::array<std::string_view, 7> kDayNames{"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};

tl::unexpected<Error> WrongWindows(const std::string& what) {
  return Fail(Errc::kInvalid, "windows: " + what);
}

// 1 January 1970 was a Thursday.
int WeekdayOf(Nanos midnight) {
  const int64_t day = midnight / kOneDay;
  return static_cast<int>(((day + 3) % 7 + 7) % 7);
}

Nanos MidnightBefore(Nanos local) {
  const Nanos into = local % kOneDay;
  return local - (into < 0 ? into + kOneDay : into);
}

bool IsOn(const DailyWindow& window, Nanos midnight) {
  return (window.days >> WeekdayOf(midnight) & 1) != 0;
}

Nanos EndOf(const DailyWindow& window, Nanos midnight) {
  const int over = window.to_min <= window.from_min ? kDayMinutes : 0;
  return midnight + (window.to_min + over) * kMinute;
}

Result<std::string> TextField(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string())
    return WrongWindows(std::string(key) + " is no text");
  return found->get<std::string>();
}

Result<uint8_t> ReadDays(const json& window) {
  const auto days = window.find("days");
  if (days == window.end() || !days->is_array() || days->empty() || days->size() > 7)
    return WrongWindows("days is no list of weekdays such as [\"sat\", \"sun\"]");
  uint8_t bits = 0;
  for (const json& day : *days) {
    const auto* found = day.is_string()
                            ? std::ranges::find(kDayNames, day.get_ref<const std::string&>())
                            : kDayNames.end();
    if (found == kDayNames.end())
      return WrongWindows("days: " + day.dump().substr(0, 20) + " is none of mon, tue, ... sun");
    bits = static_cast<uint8_t>(bits | 1U << (found - kDayNames.begin()));
  }
  return bits;
}

Result<DailyWindow> ReadWindow(const json& object) {
  if (!object.is_object()) return WrongWindows("a window is an object with days, from and to");
  for (const auto& [key, value] : object.items())
    if (key != "days" && key != "from" && key != "to")
      return WrongWindows("\"" + key.substr(0, 40) + "\" is no key of a window");
  DailyWindow window;
  MW_TRY(window.days, ReadDays(object));
  MW_TRY(const std::string from, TextField(object, "from"));
  MW_TRY(const std::string to, TextField(object, "to"));
  MW_TRY(window.from_min, ReadDayTime(from));
  MW_TRY(window.to_min, ReadDayTime(to));
  if (window.from_min == kDayMinutes) return WrongWindows("from is before 24:00");
  if (window.from_min == window.to_min)
    return WrongWindows("from and to are the same; a whole day is 00:00 to 24:00");
  return window;
}

}  // namespace

Result<int> ReadDayTime(std::string_view text) {
  const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  const bool shaped =
      text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4);
  const int hours = shaped ? 10 * (text[0] - '0') + (text[1] - '0') : 99;
  const int minutes = shaped ? 10 * (text[3] - '0') + (text[4] - '0') : 99;
  const int total = 60 * hours + minutes;
  if (minutes > 59 || total > kDayMinutes)
    return WrongWindows("\"" + std::string(text.substr(0, 20)) +
                        "\" is no time of day such as 22:00");
  return total;
}

std::string WriteDayTime(int minutes) {
  const int parts[] = {minutes / 600, minutes / 60 % 10, minutes % 60 / 10, minutes % 10};
  std::string text = "00:00";
  for (size_t i = 0; i < 4; ++i) text[i < 2 ? i : i + 1] = static_cast<char>('0' + parts[i]);
  return text;
}

Result<SiteWindows> ReadWindows(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return WrongWindows("the body is no JSON object");
  for (const auto& [key, value] : object.items())
    if (key != "zone" && key != "windows")
      return WrongWindows("\"" + key.substr(0, 40) + "\" is no key of this request");
  SiteWindows out;
  MW_TRY(out.zone, TextField(object, "zone"));
  const auto list = object.find("windows");
  if (list == object.end() || !list->is_array() || list->size() > kWindowsMax)
    return WrongWindows("windows is no list of at most " + std::to_string(kWindowsMax));
  for (const json& one : *list) {
    MW_TRY(const DailyWindow window, ReadWindow(one));
    out.windows.push_back(window);
  }
  return out;
}

std::string WriteWindows(const SiteWindows& windows) {
  ordered_json list = ordered_json::array();
  for (const DailyWindow& window : windows.windows) {
    ordered_json days = ordered_json::array();
    for (size_t day = 0; day < kDayNames.size(); ++day)
      if ((window.days >> day & 1) != 0) days.push_back(kDayNames[day]);
    list.push_back({{"days", days},
                    {"from", WriteDayTime(window.from_min)},
                    {"to", WriteDayTime(window.to_min)}});
  }
  return ordered_json{{"zone", windows.zone}, {"windows", list}}.dump();
}

bool Calendar::IsOpen(Nanos utc) const {
  const Nanos local = zone_->Local(utc);
  const Nanos today = MidnightBefore(local);
  return std::ranges::any_of(windows_.windows, [&](const DailyWindow& window) {
    return std::ranges::any_of(std::array{today - kOneDay, today}, [&](Nanos midnight) {
      return IsOn(window, midnight) && local >= midnight + window.from_min * kMinute &&
             local < EndOf(window, midnight);
    });
  });
}

// Only where a window begins or ends on the wall, or where the clock is set, can the answer change.
Nanos Calendar::Next(Nanos utc, bool open) const {
  if (IsOpen(utc) == open) return utc;
  Nanos next = kNever;
  const auto consider = [&](Nanos instant) {
    if (instant > utc && instant < next && IsOpen(instant) == open) next = instant;
  };
  const Nanos today = MidnightBefore(zone_->Local(utc));
  for (int ahead = -1; ahead <= kLookDays; ++ahead) {
    const Nanos midnight = today + ahead * kOneDay;
    for (const DailyWindow& window : windows_.windows)
      if (IsOn(window, midnight))
        for (const Nanos local : {midnight + window.from_min * kMinute, EndOf(window, midnight)})
          for (const Nanos instant : zone_->InstantsOf(local)) consider(instant);
  }
  consider(zone_->NextChange(utc));
  return next;
}

bool IsOpen(const Calendars& calendars, std::string_view site, Nanos utc) {
  const auto found = calendars.find(site);
  return found == calendars.end() || found->second.IsOpen(utc);
}

Nanos NextOpen(const Calendars& calendars, std::string_view site, Nanos utc) {
  const auto found = calendars.find(site);
  return found == calendars.end() ? utc : found->second.NextOpen(utc);
}

}  // namespace millwright::hub
