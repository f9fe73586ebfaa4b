#include "hub/api/answers.h"
#include "hub/api/body.h"
#include "hub/api/label_routes.h"
#include "hub/api/machine_view.h"
#include "hub/api/params.h"
#include "hub/labels/baselines.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

constexpr size_t kActIdMax = 64;
constexpr size_t kKindMax = 16;
constexpr int64_t kFarthestMs = INT64_MAX / kMillisecond;

Result<Response> Serve(const LabelParts& parts, os::Clock& clock, const Request& request) {
  Body body(request.body);
  ServiceAct act{.act = {.id = body.Text("id", kActIdMax), .who = WhoAsks(request)},
                 .site = std::string(request.PathValue("site")),
                 .asset = std::string(request.PathValue("asset"))};
  const std::string kind = body.Text("kind", kKindMax);
  const int64_t now_ms = clock.Utc() / kMillisecond;
  const int64_t from_ms = body.Integer("from_ms", 0, 0, kFarthestMs);
  const int64_t to_ms = body.Integer("to_ms", now_ms, 0, kFarthestMs);
  act.note = body.Text("note", Labels::kNoteMax, "");
  MW_TRY(body.Finish());
  if (kind != "repaired" && kind != "replaced")
    return Fail(Errc::kInvalid, "kind must be repaired or replaced");
  if (from_ms == 0) return Fail(Errc::kInvalid, "from_ms must tell when the work began");
  act.replaced = kind == "replaced";
  act.from = from_ms * kMillisecond;
  act.to = to_ms * kMillisecond;
  if (parts.may_judge)
    if (auto refused = parts.may_judge(request, {act.site})) return std::move(*refused);
  MW_TRY(const Acted acted, parts.labels.Service(act));
  Changes changes;
  changes.machines.emplace(act.site, act.asset);
  for (const AlarmRef& alarm : acted.changed) changes.alarms.emplace(alarm.device, alarm.key);
  parts.feed.Add(changes);
  JsonWriter json;
  json.BeginObject().Field("act", act.act.id).Field("known", acted.known);
  json.Field("closed", static_cast<int64_t>(acted.changed.size())).EndObject();
  return JsonAnswer(json, acted.known ? 200 : 201);
}

void WriteTime(JsonWriter& json, const char* name, const std::optional<Nanos>& at) {
  json.Key(name);
  if (at)
    json.Integer(*at / kMillisecond);
  else
    json.Null();
}

Result<Response> Baselines(store::Database& database, const Request& request) {
  Params params(request);
  if (auto problem = params.Finish()) return *problem;
  MW_TRY(const MachineBaselines all,
         LoadBaselines(database, request.PathValue("site"), request.PathValue("asset")));
  JsonWriter json;
  json.BeginObject().Key("baselines").BeginArray();
  for (const BaselineVersion& version : all.versions) {
    json.BeginObject().Field("version", version.version);
    WriteTime(json, "from_ms", version.from);
    WriteTime(json, "to_ms", version.to);
    WriteTime(json, "learned_ms", version.learned);
    json.Field("file", version.file).Field("kind", version.kind).Field("service", version.service);
    json.Field("who", version.who).Field("note", version.note).EndObject();
  }
  json.EndArray().Key("pending").BeginArray();
  for (const std::string& service : all.pending) json.String(service);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

}  // namespace

void AddServiceRoutes(http::Router& router, const ApiContext& context, const LabelParts& parts) {
  router.Add("POST", "/api/v1/machines/{site}/{asset}/service",
             [&clock = context.clock, parts](const Request& request) {
               return Answered(Serve(parts, clock, request));
             });
  AddRead(router, context, "/api/v1/machines/{site}/{asset}/baselines",
          [](store::Database& database, const Request& request) {
            return Baselines(database, request);
          });
}

}  // namespace millwright::hub
