// Maintenance windows: when a site's gateways may be given something new.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "zone/time_zone.h"

namespace millwright::hub {

/// On each of these weekdays from `from` until `to`; a `to` that is not after `from` is the next
/// day's.
struct DailyWindow {
  uint8_t days = 0;      // bit 0: Monday
  int from_min = 0;      // of the day, on the clock on the wall
  int to_min = 24 * 60;  // up to 24:00
};

struct SiteWindows {
  std::string site{};
  std::string zone = "UTC";
  std::vector<DailyWindow> windows{};
};

/// From and to {"zone": "Europe/Berlin", "windows": [{"days": ["sat"], "from": "22:00",
/// "to": "04:00"}]}. kInvalid names the key; zones are not looked up here.
[[nodiscard]] Result<SiteWindows> ReadWindows(std::string_view json);
[[nodiscard]] std::string WriteWindows(const SiteWindows& windows);
/// "22:00".
[[nodiscard]] Result<int> ReadDayTime(std::string_view text);
[[nodiscard]] std::string WriteDayTime(int minutes);

/// A site's windows with their zone. A window is open exactly while the clock on the wall shows a
/// time in it: an hour that is set back counts twice, one that is skipped not at all.
class Calendar {
 public:
  Calendar(SiteWindows windows, std::shared_ptr<const TimeZone> zone)
      : windows_(std::move(windows)), zone_(std::move(zone)) {}
  [[nodiscard]] const SiteWindows& windows() const { return windows_; }
  [[nodiscard]] bool IsOpen(Nanos utc) const;
  /// `utc` itself where it is open then; kNever where it never is.
  [[nodiscard]] Nanos NextOpen(Nanos utc) const { return Next(utc, true); }
  [[nodiscard]] Nanos NextClose(Nanos utc) const { return Next(utc, false); }

 private:
  [[nodiscard]] Nanos Next(Nanos utc, bool open) const;

  SiteWindows windows_;
  std::shared_ptr<const TimeZone> zone_;  // shared with Zones
};

/// By site. A site without one takes what comes at any time.
using Calendars = std::map<std::string, Calendar, std::less<>>;
[[nodiscard]] bool IsOpen(const Calendars& calendars, std::string_view site, Nanos utc);
[[nodiscard]] Nanos NextOpen(const Calendars& calendars, std::string_view site, Nanos utc);

}  // namespace millwright::hub
