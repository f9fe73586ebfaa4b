#include <algorithm>

#include "hub/api/alarm_view.h"
#include "hub/api/answers.h"
#include "hub/api/label_routes.h"
#include "hub/api/params.h"
#include "hub/api/words.h"
#include "hub/labels/accuracy.h"
#include "hub/labels/export.h"
#include "hub/labels/inbox.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

constexpr int kSimilarShown = 6;
constexpr size_t kSiteLengthMax = 64;

void WriteInboxFigures(JsonWriter& json, const InboxFigures& figures) {
  json.Key("figures").BeginObject().Field("alarms_per_hour", figures.alarms_per_hour);
  json.Key("median_to_verdict_ms");
  if (figures.to_verdict)
    json.Integer(Milliseconds(*figures.to_verdict));
  else
    json.Null();
  json.Field("real", figures.real).Field("known", figures.known);
  json.Field("twice", figures.twice).Field("agreed", figures.agreed).EndObject();
}

Result<Response> ShowInbox(const ApiContext& context, store::Database& database,
                           const Request& request) {
  Params params(request);
  InboxQuery query;
  query.view =
      *InboxViewOf(params.OneOf("view", "judge", {"judge", "shelved", "judged", "opinion", "all"}));
  query.site = params.Text("site", "", kSiteLengthMax);
  query.limit = static_cast<int>(params.Integer("limit", 200, 1, 500));
  if (auto problem = params.Finish()) return *problem;
  const Nanos now = context.clock.Utc();
  MW_TRY(const std::vector<AlarmRef> refs, LoadInbox(database, query, now));
  MW_TRY(const InboxCounts counts, CountInbox(database, query.site, now));
  MW_TRY(const InboxFigures figures, LoadFigures(database, query.site, now));
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Field("view", Name(query.view));
  json.Key("counts").BeginObject().Field("judge", counts.judge).Field("shelved", counts.shelved);
  json.Field("judged_today", counts.judged_today).Field("opinion", counts.opinion);
  json.Field("all", counts.all).EndObject();
  WriteInboxFigures(json, figures);
  json.Key("reasons").BeginArray();
  for (const Reason& reason : Reasons())
    json.BeginObject().Field("code", reason.code).Field("words", reason.words).EndObject();
  json.EndArray().Key("alarms").BeginArray();
  for (const AlarmRef& ref : refs) {
    MW_TRY(const std::optional<AlarmView> alarm, LoadAlarm(database, ref.device, ref.key));
    if (alarm) WriteAlarm(json, *alarm);
  }
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

// What the machine's model can name, its own word first, then what else has been confirmed.
Result<std::vector<std::string>> FaultChoices(store::Database& database, const AlarmView& alarm) {
  std::vector<std::string> codes;
  const auto add = [&](std::string_view code) {
    if (!code.empty() && code != "healthy" && std::ranges::find(codes, code) == codes.end())
      codes.emplace_back(code);
  };
  add(alarm.fault);
  MW_TRY(database.First("SELECT classes FROM assets WHERE site = $1 AND asset = $2",
                        {alarm.site, alarm.asset}, [&](const store::Row& row) {
                          std::string_view rest = row.Text(0);
                          while (!rest.empty()) {
                            const size_t comma = std::min(rest.find(','), rest.size());
                            add(rest.substr(0, comma));
                            rest.remove_prefix(std::min(comma + 1, rest.size()));
                          }
                        }));
  MW_TRY(
      database.Each("SELECT fault FROM judgements WHERE fault <> '' GROUP BY fault ORDER BY "
                    "COUNT(*) DESC, fault LIMIT 20",
                    {}, [&](const store::Row& row) { add(row.Text(0)); }));
  return codes;
}

Result<Response> ShowContext(store::Database& database, const Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  const auto id = SplitAlarmId(request.PathValue("id"));
  if (!id) return Fail(Errc::kNotFound, "there is no such alarm");
  MW_TRY(const std::optional<AlarmView> alarm, LoadAlarm(database, id->first, id->second));
  if (!alarm) return Fail(Errc::kNotFound, "there is no such alarm");
  MW_TRY(const SimilarAlarms similar,
         LoadSimilar(database, {.device = id->first, .key = id->second}, kSimilarShown));
  MW_TRY(const std::vector<std::string> codes, FaultChoices(database, *alarm));
  JsonWriter json;
  json.BeginObject().Field("real", similar.real).Field("known", similar.known);
  json.Key("similar").BeginArray();
  for (const Similar& one : similar.newest) {
    const Reason* reason = FindReason(one.reason);
    json.BeginObject().Field("id", AlarmId(one.alarm.device, one.alarm.key));
    json.Field("asset", one.asset).Field("name", one.name).Field("state", one.verdict);
    json.Field("fault_name", FaultName(one.fault))
        .Field("reason_words", reason == nullptr ? std::string_view() : reason->words)
        .Field("raised_ms", Milliseconds(one.raised))
        .EndObject();
  }
  json.EndArray().Key("fault_choices").BeginArray();
  for (const std::string& code : codes)
    json.BeginObject().Field("code", code).Field("name", FaultName(code)).EndObject();
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

void WriteLabel(JsonWriter& json, const LabelRow& label) {
  json.BeginObject().Field("act", label.act).Field("number", label.number);
  json.Field("site", label.site).Field("asset", label.asset).Field("device", label.device);
  json.Field("alarm_key", label.alarm_key).Field("rating", label.rating);
  json.Field("state", label.verdict).Field("fault", label.fault).Field("reason", label.reason);
  json.Field("note", label.note).Field("source", label.source).Field("who", label.who);
  json.Field("said_fault", label.said_fault).Field("said_level", LevelWord(label.said_level));
  json.Field("score", label.score).Field("model_name", label.model_name);
  json.Field("model_hash", label.model_hash).Field("opinions", label.opinions);
  json.Field("from_ms", Milliseconds(label.start)).Field("to_ms", Milliseconds(label.end));
  json.Field("baseline_version", label.baseline_version);
  json.Field("arrived_ms", Milliseconds(label.arrived)).Field("at_ms", Milliseconds(label.at));
  json.EndObject();
}

Result<Response> ListLabels(const ApiContext& context, store::Database& database,
                            const Request& request) {
  Params params(request);
  constexpr int64_t kFarMs = INT64_MAX / kMillisecond;
  LabelQuery query{.site = params.Text("site", "", kSiteLengthMax),
                   .asset = params.Text("asset", "", kSiteLengthMax)};
  query.from = params.Integer("from_ms", 0, 0, kFarMs) * kMillisecond;
  query.to = params.Integer("to_ms", kFarMs, 0, kFarMs) * kMillisecond;
  query.offset = params.Integer("offset", 0, 0, 100'000'000);
  query.limit = static_cast<int>(params.Integer("limit", 1000, 1, 10'000));
  if (auto problem = params.Finish()) return *problem;
  const int limit = query.limit++;  // one more tells whether there is a further page
  MW_TRY(std::vector<LabelRow> labels, LoadLabels(database, query));
  const bool more = labels.size() > static_cast<size_t>(limit);
  if (more) labels.pop_back();
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(context.clock.Utc()));
  json.Field("digest", DigestOf(labels)).Key("next_offset");
  if (more)
    json.Integer(query.offset + limit);
  else
    json.Null();
  json.Key("labels").BeginArray();
  for (const LabelRow& label : labels) WriteLabel(json, label);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> ShowAccuracy(const ApiContext& context, store::Database& database,
                              const Request& request) {
  Params params(request);
  const int64_t days = params.Integer("days", 90, 1, 3650);
  if (auto problem = params.Finish()) return *problem;
  const Nanos now = context.clock.Utc();
  MW_TRY(const FleetAccuracy fleet, LoadAccuracy(database, now - days * 86'400 * kSecond, now + 1));
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Field("days", days);
  json.Key("cohorts").BeginArray();
  for (const CohortAccuracy& cohort : fleet.cohorts) {
    json.BeginObject().Field("cohort", cohort.cohort).Field("devices", cohort.devices);
    json.Field("right", cohort.right).Field("labels", cohort.labels);
    json.Field("mean", cohort.prior.mean).EndObject();
  }
  json.EndArray().Key("devices").BeginArray();
  for (const DeviceAccuracy& device : fleet.devices) {
    json.BeginObject().Field("device", device.device).Field("site", device.site);
    json.Field("cohort", device.cohort).Field("right", device.right).Field("labels", device.labels);
    json.Field("false_alarms", device.false_alarms).Field("missed", device.missed);
    json.Field("mean", device.estimate.mean).Field("low", device.estimate.interval.low);
    json.Field("high", device.estimate.interval.high);
    json.Key("evidence");
    if (device.evidence)
      json.Number(*device.evidence);
    else
      json.Null();
    json.Field("risen", device.risen).EndObject();
  }
  return JsonAnswer(json.EndArray().EndObject());
}

}  // namespace

void AddInboxRoutes(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/inbox",
          [&context](store::Database& database, const Request& request) {
            return ShowInbox(context, database, request);
          });
  AddRead(router, context, "/api/v1/accuracy",
          [&context](store::Database& database, const Request& request) {
            return ShowAccuracy(context, database, request);
          });
  AddRead(router, context, "/api/v1/alarms/{id}/context", ShowContext);
  AddRead(router, context, "/api/v1/labels",
          [&context](store::Database& database, const Request& request) {
            return ListLabels(context, database, request);
          });
}

}  // namespace millwright::hub
