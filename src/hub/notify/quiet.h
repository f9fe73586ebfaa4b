// When a route is silent, by the clock on the plant's wall.
#pragma once

#include <memory>
#include <utility>

#include "hub/notify/options.h"
#include "zone/time_zone.h"

namespace millwright::hub::notify {

class Quiet {
 public:
  /// A `to` that is not after `from` is the next day's; the same: never quiet.
  Quiet(QuietHours hours, std::shared_ptr<const TimeZone> zone)
      : hours_(std::move(hours)), zone_(std::move(zone)) {}

  [[nodiscard]] bool At(Nanos utc) const;
  /// `utc` itself where it is not quiet then; else the instant at which it ends.
  [[nodiscard]] Nanos EndsAfter(Nanos utc) const;
  [[nodiscard]] const TimeZone& zone() const { return *zone_; }

 private:
  QuietHours hours_;
  std::shared_ptr<const TimeZone> zone_;  // shared with Zones
};

}  // namespace millwright::hub::notify
