#include "hub/api/rollout_routes.h"

#include "hub/api/answers.h"
#include "hub/api/params.h"
#include "hub/api/rollout_body.h"
#include "hub/api/rollout_view.h"
#include "hub/api/words.h"
#include "hub/rollout/foresight.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

Result<Response> ListReleases(const ApiContext& context, Rollouts* rollouts,
                              const Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  std::vector<std::string> faults;
  std::vector<ReleaseInfo> releases;
  if (rollouts == nullptr) {
    faults.push_back(NoDelivery().value().what);
  } else {
    MW_TRY(releases, rollouts->Offers(&faults));
  }
  JsonWriter json;
  json.BeginObject()
      .Field("now_ms", Milliseconds(context.clock.Utc()))
      .Key("releases")
      .BeginArray();
  for (const ReleaseInfo& release : releases) WriteRelease(json, release);
  json.EndArray().Key("faults").BeginArray();
  for (const std::string& fault : faults) json.String(fault);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> ListRollouts(const ApiContext& context, store::Database& database,
                              const Request& request) {
  Params params(request);
  const int64_t limit = params.Integer("limit", 50, 1, 500);
  if (auto problem = params.Finish()) return *problem;
  const Nanos now = context.clock.Utc();
  MW_TRY(const std::vector<Rollout> rollouts, LoadRollouts(database, limit));
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Key("rollouts").BeginArray();
  for (const Rollout& rollout : rollouts)
    MW_TRY(WriteRollout(json, database, context.freshness, now, rollout));
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> ShowRollout(const ApiContext& context, const Rollouts* rollouts,
                             store::Database& database, const std::string& id, int status = 200) {
  RolloutView view;
  MW_TRY(view.rollout, LoadRollout(database, id));
  MW_TRY(view.devices, LoadRolloutDevices(database, id));
  const Nanos now = context.clock.Utc();
  if (rollouts != nullptr && !IsOver(view.rollout.state))
    TellWindows(*rollouts->calendars(), now, view.devices);
  JsonWriter json;
  MW_TRY(WriteRolloutDetail(json, database, context.freshness, now, view));
  return JsonAnswer(json, status);
}

constexpr int64_t kTrialsShown = 20;

Result<Response> ShowTrials(const ApiContext& context, store::Database& database,
                            const Request& request) {
  Params params(request);
  const std::string device = params.Text("device", "", 128);
  if (auto problem = params.Finish()) return *problem;
  MW_TRY(const Rollout rollout, LoadRollout(database, std::string(request.PathValue("id"))));
  MW_TRY(const std::vector<DeviceTrial> trials,
         LoadTrials(database, rollout.id, device, kTrialsShown));
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(context.clock.Utc())).Key("trials").BeginArray();
  for (const DeviceTrial& trial : trials) WriteTrial(json, trial);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> StartRollout(const ApiContext& context, Rollouts* rollouts,
                              const Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  if (rollouts == nullptr) return NoDelivery();
  MW_TRY(RolloutRequest wanted, ReadRolloutRequest(request.body));
  wanted.who = WhoAsks(request);
  MW_TRY(const RolloutView view, rollouts->Start(wanted));
  MW_TRY(const store::ReaderPool::Lease reader, context.readers.Take());
  MW_TRY(const store::Transaction snapshot, reader->BeginRead());
  if (!wanted.dry_run) return ShowRollout(context, rollouts, *reader, view.rollout.id, 201);
  JsonWriter json;
  MW_TRY(WriteRolloutDetail(json, *reader, context.freshness, context.clock.Utc(), view));
  return JsonAnswer(json);
}

using Change = Result<void> (*)(Rollouts&, const std::string& id, const std::string& who,
                                const std::string& why);
struct Action {
  std::string_view name;
  Change change;
};
constexpr Action kActions[] = {
    {"pause", [](Rollouts& r, const std::string& id, const std::string& who,
                 const std::string&) { return r.Pause(id, who); }},
    {"resume", [](Rollouts& r, const std::string& id, const std::string& who,
                  const std::string&) { return r.Resume(id, who); }},
    {"approve", [](Rollouts& r, const std::string& id, const std::string& who,
                   const std::string&) { return r.Approve(id, who); }},
    {"abort", [](Rollouts& r, const std::string& id, const std::string& who,
                 const std::string& why) { return r.Abort(id, who, why); }},
    {"reverse", [](Rollouts& r, const std::string& id, const std::string& who,
                   const std::string& why) { return r.Reverse(id, who, why); }},
};

Result<Response> ChangeRollout(const ApiContext& context, Rollouts* rollouts, Change change,
                               const Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  if (rollouts == nullptr) return NoDelivery();
  MW_TRY(const std::string why, ReadWhy(request.body));
  const std::string id(request.PathValue("id"));
  MW_TRY(change(*rollouts, id, WhoAsks(request), why));
  MW_TRY(const store::ReaderPool::Lease reader, context.readers.Take());
  MW_TRY(const store::Transaction snapshot, reader->BeginRead());
  return ShowRollout(context, rollouts, *reader, id);
}

}  // namespace

void AddRolloutRoutes(http::Router& router, const ApiContext& context, Rollouts* rollouts) {
  router.Add("GET", "/api/v1/releases", [&context, rollouts](const Request& request) {
    return Answered(ListReleases(context, rollouts, request));
  });
  AddRead(router, context, "/api/v1/rollouts",
          [&context](store::Database& database, const Request& request) {
            return ListRollouts(context, database, request);
          });
  AddRead(
      router, context, "/api/v1/rollouts/{id}",
      [&context, rollouts](store::Database& database, const Request& request) -> Result<Response> {
        if (auto problem = Params(request).Finish()) return *problem;
        return ShowRollout(context, rollouts, database, std::string(request.PathValue("id")));
      });
  AddRead(router, context, "/api/v1/rollouts/{id}/trials",
          [&context](store::Database& database, const Request& request) {
            return ShowTrials(context, database, request);
          });
  router.Add("POST", "/api/v1/rollouts", [&context, rollouts](const Request& request) {
    return Answered(StartRollout(context, rollouts, request));
  });
  for (const Action& action : kActions)
    router.Add("POST", "/api/v1/rollouts/{id}/" + std::string(action.name),
               [&context, rollouts, change = action.change](const Request& request) {
                 return Answered(ChangeRollout(context, rollouts, change, request));
               });
}

}  // namespace millwright::hub
