// A rollout that starts by itself: what, for whom, and on which days.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/rollout/cohort.h"
#include "hub/rollout/policy.h"
#include "store/database.h"
#include "zone/time_zone.h"

namespace millwright::hub {

enum class ScheduleOutcome : uint8_t {
  kNone,        // its first day has not come
  kStarted,     // a rollout
  kNothingNew,  // every gateway has had the newest release, or there is none
  kStopped,     // the newest release was halted or taken back: a newer one is awaited
  kWaits,       // another rollout of the line is under way; it is tried again
  kFailed       // the repository could not be read, say; it is tried again
};
[[nodiscard]] std::string_view Name(ScheduleOutcome outcome);

struct Schedule {
  std::string name{};
  std::string line{};  // of which the newest release is brought
  Cohort cohort{};     // empty: all gateways
  RolloutPolicy policy{};
  std::string zone = "UTC";
  Nanos first_day = 0;  // midnight on the calendar of the zone
  int time_min = 0;     // of the day
  int every_days = 30;
  bool paused = false;
  Nanos next = 0;
  Nanos created = 0;
  std::string created_by{};
  // The last time that it was due.
  Nanos last = 0;
  ScheduleOutcome outcome = ScheduleOutcome::kNone;
  std::string words{};
  std::string rollout{};  // the last that it started
};

/// {"name", "line"} and where wanted {"every_days", "first_day": "2026-12-01", "at": "22:00",
/// "zone", "policy"} and the keys of a cohort. Without first_day it is 0. kInvalid names the key;
/// the zone is not looked up here.
[[nodiscard]] Result<Schedule> ReadSchedule(std::string_view json);
/// "2026-12-01".
[[nodiscard]] std::string WriteDay(Nanos midnight);
[[nodiscard]] Result<Nanos> ReadDay(std::string_view text);

/// The first due time after `after`. A time of day that a clock skips is due when it is set
/// forward; one that comes twice, the first time.
[[nodiscard]] Nanos NextDue(const Schedule& schedule, const TimeZone& zone, Nanos after);
/// How many there are after `after`, up to and including `until`.
[[nodiscard]] int64_t DuesBetween(const Schedule& schedule, const TimeZone& zone, Nanos after,
                                  Nanos until);

/// By name.
[[nodiscard]] Result<std::vector<Schedule>> LoadSchedules(store::Database& database);
/// Takes the place of the one with that name.
[[nodiscard]] Result<void> SaveSchedule(store::Database& database, const Schedule& schedule);

}  // namespace millwright::hub
