#include "hub/api/schedule_routes.h"

#include "hub/api/answers.h"
#include "hub/api/params.h"
#include "hub/api/rollout_view.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

void WriteTimeOrNull(JsonWriter& json, std::string_view key, Nanos time) {
  json.Key(key);
  if (time == 0)
    json.Null();
  else
    json.Integer(Milliseconds(time));
}

void WriteSchedule(JsonWriter& json, const Schedule& s) {
  json.BeginObject().Field("name", s.name).Field("line", s.line);
  json.Field("every_days", s.every_days).Field("first_day", WriteDay(s.first_day));
  json.Field("at", WriteDayTime(s.time_min)).Field("zone", s.zone);
  json.Key("cohort").Raw(WriteCohort(s.cohort)).Key("sites").BeginArray();
  for (const std::string& site : s.cohort.sites) json.String(site);
  json.EndArray().Key("policy").Raw(WritePolicy(s.policy));
  json.Field("paused", s.paused).Field("next_ms", Milliseconds(s.next));
  json.Field("created_ms", Milliseconds(s.created)).Field("created_by", s.created_by);
  WriteTimeOrNull(json, "last_ms", s.last);
  json.Field("outcome", Name(s.outcome)).Field("words", s.words);
  json.Field("rollout", s.rollout).EndObject();
}

Result<Response> ListSchedules(const ApiContext& context, Schedules* schedules) {
  std::vector<Schedule> all;
  if (schedules != nullptr) {
    MW_TRY(all, schedules->List());
  }
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(context.clock.Utc()));
  json.Key("schedules").BeginArray();
  for (const Schedule& schedule : all) WriteSchedule(json, schedule);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> SetSchedule(Schedules& schedules, const Request& request) {
  MW_TRY(Schedule wanted, ReadSchedule(request.body));
  MW_TRY(const Schedule set, schedules.Set(std::move(wanted), WhoAsks(request)));
  JsonWriter json;
  WriteSchedule(json, set);
  return JsonAnswer(json);
}

Result<Response> ShowPlan(const ApiContext& context, Schedules& schedules, const Request& request) {
  MW_TRY(const SchedulePlan plan, schedules.Plan(std::string(request.PathValue("name"))));
  JsonWriter json;
  json.BeginObject().Field("at_ms", Milliseconds(plan.at)).Field("outcome", Name(plan.outcome));
  json.Field("words", plan.words).Key("rollout");
  if (plan.rollout) {
    MW_TRY(const store::ReaderPool::Lease reader, context.readers.Take());
    MW_TRY(const store::Transaction snapshot, reader->BeginRead());
    MW_TRY(
        WriteRolloutDetail(json, *reader, context.freshness, context.clock.Utc(), *plan.rollout));
  } else {
    json.Null();
  }
  json.EndObject();
  return JsonAnswer(json);
}

using ScheduleChange = Result<void> (*)(Schedules&, const std::string& name,
                                        const std::string& who);
struct ScheduleAction {
  std::string_view name;
  ScheduleChange change;
};
constexpr ScheduleAction kScheduleActions[] = {
    {"pause", [](Schedules& s, const std::string& name,
                 const std::string& who) { return s.SetPaused(name, true, who); }},
    {"resume", [](Schedules& s, const std::string& name,
                  const std::string& who) { return s.SetPaused(name, false, who); }},
    {"remove", [](Schedules& s, const std::string& name,
                  const std::string& who) { return s.Remove(name, who); }},
};

void WriteSite(JsonWriter& json, const Calendar& calendar, Nanos now) {
  const bool open = calendar.IsOpen(now);
  const Nanos changes = open ? calendar.NextClose(now) : calendar.NextOpen(now);
  json.BeginObject().Field("site", calendar.windows().site);
  json.Key("calendar").Raw(WriteWindows(calendar.windows())).Field("open", open);
  WriteTimeOrNull(json, "changes_ms", changes == kNever ? 0 : changes);
  json.EndObject();
}

Result<Response> ListSites(const ApiContext& context, const Maintenance* maintenance) {
  const Nanos now = context.clock.Utc();
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Key("sites").BeginArray();
  if (maintenance != nullptr)
    for (const auto& [site, calendar] : *maintenance->calendars()) WriteSite(json, calendar, now);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> SetSite(const ApiContext& context, Maintenance& maintenance,
                         const Request& request) {
  MW_TRY(SiteWindows windows, ReadWindows(request.body));
  windows.site = request.PathValue("site");
  MW_TRY(maintenance.Set(windows, WhoAsks(request)));
  return ListSites(context, &maintenance);
}

}  // namespace

void AddScheduleRoutes(http::Router& router, const ApiContext& context, Schedules* schedules) {
  router.Add("GET", "/api/v1/schedules", [&context, schedules](const Request& request) {
    if (auto problem = Params(request).Finish()) return *problem;
    return Answered(ListSchedules(context, schedules));
  });
  router.Add("POST", "/api/v1/schedules", [schedules](const Request& request) {
    if (schedules == nullptr) return http::Problem(NoDelivery().value());
    return Answered(SetSchedule(*schedules, request));
  });
  router.Add("GET", "/api/v1/schedules/{name}/plan", [&context, schedules](const Request& request) {
    if (schedules == nullptr) return http::Problem(NoDelivery().value());
    return Answered(ShowPlan(context, *schedules, request));
  });
  for (const ScheduleAction& action : kScheduleActions)
    router.Add("POST", "/api/v1/schedules/{name}/" + std::string(action.name),
               [&context, schedules, change = action.change](const Request& request) {
                 if (schedules == nullptr) return http::Problem(NoDelivery().value());
                 const std::string name(request.PathValue("name"));
                 const auto done = change(*schedules, name, WhoAsks(request));
                 if (!done) return http::Problem(done.error());
                 return Answered(ListSchedules(context, schedules));
               });
}

void AddMaintenanceRoutes(http::Router& router, const ApiContext& context,
                          Maintenance* maintenance) {
  router.Add("GET", "/api/v1/maintenance", [&context, maintenance](const Request& request) {
    if (auto problem = Params(request).Finish()) return *problem;
    return Answered(ListSites(context, maintenance));
  });
  router.Add("POST", "/api/v1/maintenance/{site}", [&context, maintenance](const Request& request) {
    if (maintenance == nullptr) return http::Problem(NoDelivery().value());
    return Answered(SetSite(context, *maintenance, request));
  });
}

}  // namespace millwright::hub
