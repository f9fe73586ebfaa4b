#include "hub/api/alarm_routes.h"

#include <charconv>

#include "hub/api/alarm_view.h"
#include "hub/api/params.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

std::string CursorOf(const AlarmView& alarm) {
  return std::to_string(alarm.raised) + "~" + AlarmId(alarm.device, alarm.key);
}

std::optional<AlarmPlace> ParseCursor(std::string_view text) {
  const size_t tilde = text.find('~');
  if (tilde == std::string_view::npos) return std::nullopt;
  const auto id = SplitAlarmId(text.substr(tilde + 1));
  AlarmPlace place;
  const auto [end, error] = std::from_chars(text.data(), text.data() + tilde, place.raised);
  if (!id || error != std::errc{} || end != text.data() + tilde) return std::nullopt;
  place.device = id->first;
  place.key = id->second;
  return place;
}

Result<http::Response> List(const ApiContext& context, store::Database& database,
                            const http::Request& request) {
  Params params(request);
  AlarmFilter filter;
  filter.open_only = params.OneOf("state", "open", {"open", "all"}) == "open";
  const int limit = static_cast<int>(params.Integer("limit", 50, 1, 500));
  const std::string cursor = params.Text("cursor", "", 400);
  if (!cursor.empty() && !(filter.after = ParseCursor(cursor)))
    params.Fault("cursor", "is none that this hub gave");
  if (auto problem = params.Finish()) return *problem;
  filter.limit = limit + 1;  // one more tells whether there is a further page
  MW_TRY(std::vector<AlarmView> alarms, LoadAlarms(database, filter));
  MW_TRY(const AlarmCounts counts, CountAlarms(database));
  const bool more = alarms.size() > static_cast<size_t>(limit);
  if (more) alarms.pop_back();
  http::JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(context.clock.Utc())).Key("alarms").BeginArray();
  for (const AlarmView& alarm : alarms) WriteAlarm(json, alarm);
  json.EndArray().Field("total", filter.open_only ? counts.open : counts.all).Key("next");
  if (more)
    json.String(CursorOf(alarms.back()));
  else
    json.Null();
  http::Response response;
  response.body = json.EndObject().Take();
  return response;
}

Result<AlarmView> Find(store::Database& database, const http::Request& request) {
  const auto id = SplitAlarmId(request.PathValue("id"));
  if (!id) return Fail(Errc::kNotFound, "there is no such alarm");
  MW_TRY(std::optional<AlarmView> alarm, LoadAlarm(database, id->first, id->second));
  if (!alarm) return Fail(Errc::kNotFound, "there is no such alarm");
  return std::move(*alarm);
}

Result<http::Response> One(store::Database& database, const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  MW_TRY(const AlarmView alarm, Find(database, request));
  http::JsonWriter json;
  WriteAlarm(json, alarm);
  http::Response response;
  response.body = json.Take();
  return response;
}

// The model's own input bytes: with the model of that hash they give the alarm's score again.
Result<http::Response> Window(store::Database& database, const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  MW_TRY(const AlarmView alarm, Find(database, request));
  if (alarm.evidence.window().empty())
    return Fail(Errc::kNotFound, "this alarm came without its window");
  http::Response response;
  response.content_type = "application/octet-stream";
  response.body = alarm.evidence.window();
  response.headers.emplace_back("X-Model-Hash", alarm.model_hash);
  return response;
}

}  // namespace

void AddAlarmRoutes(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/alarms",
          [&context](store::Database& database, const http::Request& request) {
            return List(context, database, request);
          });
  AddRead(router, context, "/api/v1/alarms/{id}", One);
  AddRead(router, context, "/api/v1/alarms/{id}/window", Window);
}

}  // namespace millwright::hub
