#include "hub/notify/quiet.h"

namespace millwright::hub::notify {
namespace {

constexpr Nanos kMinuteOfDay = 60 * kSecond;

}  // namespace

bool Quiet::At(Nanos utc) const {
  if (hours_.from_min == hours_.to_min) return false;
  const Nanos of_day = zone_->Local(utc) % kOneDay;
  const Nanos from = hours_.from_min * kMinuteOfDay;
  const Nanos to = hours_.to_min * kMinuteOfDay;
  return from < to ? of_day >= from && of_day < to : of_day >= from || of_day < to;
}

// The end is a time of today or tomorrow; where the clock is set back over it, it comes twice, and
// where it is set forward over it, the first moment after counts.
Nanos Quiet::EndsAfter(Nanos utc) const {
  if (!At(utc)) return utc;
  const Nanos today = zone_->Local(utc) / kOneDay * kOneDay;
  for (int day = 0; day < 3; ++day) {
    const Nanos local = today + day * kOneDay + hours_.to_min * kMinuteOfDay;
    for (const Nanos instant : zone_->InstantsOf(local))
      if (instant > utc && !At(instant)) return instant;
    const Nanos first = zone_->FirstInstantOf(local);
    if (first > utc && first != kNever && !At(first)) return first;
  }
  return utc;  // no zone sets its clock forward over the same end three days in a row
}

}  // namespace millwright::hub::notify
