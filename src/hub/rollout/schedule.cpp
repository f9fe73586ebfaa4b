#include "hub/rollout/schedule.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "hub/rollout/windows.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr Nanos kMinuteOfDay = 60 * kSecond;
constexpr size_t kNameMax = 64;
constexpr size_t kLineMax = 200;
constexpr int kEveryDaysMax = 3660;
constexpr std::array<std::string_view, 6> kOutcomeNames{"none",    "started", "nothing_new",
                                                        "stopped", "waits",   "failed"};

tl::unexpected<Error> Bad(const std::string& key, const std::string& what) {
  return Fail(Errc::kInvalid, "schedule." + key + ": " + what);
}

Result<std::string> TextIn(const json& object, const char* key, std::string otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return otherwise;
  if (!found->is_string()) return Bad(key, "is no text");
  return found->get<std::string>();
}

Result<std::string> ReadName(const json& object) {
  MW_TRY(std::string name, TextIn(object, "name", ""));
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (name.empty() || name.size() > kNameMax || !plain)
    return Bad("name", "is no name of up to 64 lower-case letters, digits, '-' and '_'");
  return name;
}

Result<int> ReadEveryDays(const json& object, int otherwise) {
  const auto found = object.find("every_days");
  if (found == object.end()) return otherwise;
  if (!found->is_number_integer() || *found < 1 || *found > kEveryDaysMax)
    return Bad("every_days", "is no whole number from 1 to " + std::to_string(kEveryDaysMax));
  return found->get<int>();
}

Result<int> ReadTime(const json& object, int otherwise) {
  MW_TRY(const std::string text, TextIn(object, "at", WriteDayTime(otherwise)));
  const auto minutes = ReadDayTime(text);
  if (!minutes || *minutes >= 24 * 60) return Bad("at", "is no time of day such as 22:00");
  return *minutes;
}

ScheduleOutcome OutcomeByName(std::string_view name) {
  const auto* found = std::ranges::find(kOutcomeNames, name);
  return found == kOutcomeNames.end() ? ScheduleOutcome::kNone
                                      : static_cast<ScheduleOutcome>(found - kOutcomeNames.begin());
}

std::vector<std::string> SitesOf(std::string_view list) {
  return ParseCohort("{\"sites\":" + std::string(list) + "}").sites;
}

Schedule ReadScheduleRow(const store::Row& row) {
  Schedule s{.name = std::string(row.Text(0)), .line = std::string(row.Text(1))};
  s.cohort = ParseCohort(row.Text(16));
  // Schedules that were made before there were cohorts have their sites in a column of their own.
  if (s.cohort.sites.empty()) s.cohort.sites = SitesOf(row.Text(2));
  s.policy = ReadPolicy(row.Text(3)).value_or(RolloutPolicy{});
  s.zone = row.Text(4);
  s.first_day = ReadDay(row.Text(5)).value_or(0);
  s.time_min = static_cast<int>(row.Int(6));
  s.every_days = static_cast<int>(row.Int(7));
  s.paused = row.Int(8) != 0;
  s.next = row.Int(9);
  s.created = row.Int(10);
  s.created_by = row.Text(11);
  s.last = row.IsNull(12) ? 0 : row.Int(12);
  s.outcome = OutcomeByName(row.Text(13));
  s.words = row.Text(14);
  s.rollout = row.Text(15);
  return s;
}

// The due times are counted: number 0 is on the first day.
Nanos Due(const Schedule& s, const TimeZone& zone, int64_t number) {
  return zone.FirstInstantOf(s.first_day + number * s.every_days * kOneDay +
                             s.time_min * kMinuteOfDay);
}

// The number of the first one after `after`.
int64_t FirstAfter(const Schedule& s, const TimeZone& zone, Nanos after) {
  const Nanos ahead = after - 2 * kOneDay - s.first_day;
  int64_t number = std::max<int64_t>(0, ahead / (s.every_days * kOneDay));
  while (Due(s, zone, number) <= after) ++number;
  return number;
}

}  // namespace

std::string_view Name(ScheduleOutcome outcome) {
  return kOutcomeNames[static_cast<size_t>(outcome)];
}

Result<Schedule> ReadSchedule(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kKnown{"name", "line", "every_days", "first_day",
                                                          "at",   "zone", "policy"};
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return Fail(Errc::kInvalid, "schedule: the body is no JSON object");
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(kKnown, key) == kKnown.end() &&
        std::ranges::find(kCohortKeys, key) == std::end(kCohortKeys))
      return Bad(key.substr(0, 40), "is no key of this request");
  Schedule s;
  MW_TRY(s.name, ReadName(object));
  MW_TRY(s.line, TextIn(object, "line", ""));
  if (s.line.empty() || s.line.size() > kLineMax)
    return Bad("line", "is missing; GET /api/v1/releases names them");
  MW_TRY(s.every_days, ReadEveryDays(object, s.every_days));
  MW_TRY(const std::string day, TextIn(object, "first_day", ""));
  if (!day.empty()) {
    MW_TRY(s.first_day, ReadDay(day));
  }
  MW_TRY(s.time_min, ReadTime(object, s.time_min));
  MW_TRY(s.zone, TextIn(object, "zone", s.zone));
  auto cohort = ReadCohort(object);
  if (!cohort) return Fail(Errc::kInvalid, "schedule: " + cohort.error().what);
  s.cohort = *std::move(cohort);
  if (const auto policy = object.find("policy"); policy != object.end() && !policy->is_null()) {
    MW_TRY(s.policy, ReadPolicy(policy->dump()));
  }
  return s;
}

std::string WriteDay(Nanos midnight) { return FormatUtc(midnight).substr(0, 10); }

Result<Nanos> ReadDay(std::string_view text) {
  const auto day = ParseUtc(std::string(text) + "T00:00:00Z");
  if (!day || text.size() != 10) return Bad("first_day", "is no day such as 2026-12-01");
  return *day;
}

Nanos NextDue(const Schedule& schedule, const TimeZone& zone, Nanos after) {
  return Due(schedule, zone, FirstAfter(schedule, zone, after));
}

int64_t DuesBetween(const Schedule& schedule, const TimeZone& zone, Nanos after, Nanos until) {
  return FirstAfter(schedule, zone, until) - FirstAfter(schedule, zone, after);
}

Result<std::vector<Schedule>> LoadSchedules(store::Database& database) {
  std::vector<Schedule> all;
  MW_TRY(database.Each(
      "SELECT name, line, sites, policy, zone, first_day, time_min, every_days, paused, next_ns, "
      "created_ns, created_by, last_ns, last_outcome, last_words, last_rollout, cohort FROM "
      "schedules "
      "ORDER BY name",
      {}, [&](const store::Row& row) { all.push_back(ReadScheduleRow(row)); }));
  return all;
}

Result<void> SaveSchedule(store::Database& database, const Schedule& s) {
  MW_TRY(database.Run("DELETE FROM schedules WHERE name = $1", {s.name}));
  return database
      .Run(
          "INSERT INTO schedules (name, line, sites, policy, zone, first_day, time_min, "
          "every_days, paused, next_ns, created_ns, created_by, last_ns, last_outcome, "
          "last_words, last_rollout, cohort) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
          "$12, $13, $14, $15, $16, $17)",
          {s.name, s.line, json(s.cohort.sites).dump(), WritePolicy(s.policy), s.zone,
           WriteDay(s.first_day), s.time_min, s.every_days, s.paused ? 1 : 0, s.next, s.created,
           s.created_by, s.last == 0 ? store::Value(nullptr) : store::Value(s.last),
           Name(s.outcome), s.words, s.rollout, WriteCohort(s.cohort)})
      .transform([](int64_t) {});
}

}  // namespace millwright::hub
