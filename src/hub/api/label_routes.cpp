#include "hub/api/label_routes.h"

#include "hub/api/alarm_view.h"
#include "hub/api/answers.h"
#include "hub/api/body.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

constexpr size_t kActIdMax = 64;
constexpr size_t kCodeMax = 64;
constexpr size_t kAlarmIdMax = 200;
constexpr int64_t kFarthestMs = INT64_MAX / kMillisecond;

Result<std::vector<AlarmRef>> AlarmsOf(Body& body) {
  std::vector<AlarmRef> alarms;
  for (const std::string& id : body.Texts("alarms", Labels::kAlarmsMax, kAlarmIdMax)) {
    const auto split = SplitAlarmId(id);
    if (!split) return Fail(Errc::kNotFound, "there is no alarm " + id);
    alarms.push_back({.device = split->first, .key = split->second});
  }
  return alarms;
}

Response AnswerAct(const Act& act, const Acted& acted, int status) {
  JsonWriter json;
  json.BeginObject().Field("act", act.id).Field("count", acted.labels).Field("known", acted.known);
  return JsonAnswer(json.EndObject(), status);
}

class LabelWork {
 public:
  explicit LabelWork(const LabelParts& parts) : parts_(parts) {}

  Result<Response> Judge(const Request& request) const {
    Body body(request.body);
    VerdictAct act{.act = ActOf(body, request), .alarms = {}};
    MW_TRY(act.alarms, AlarmsOf(body));
    const std::string verdict = body.Text("verdict", kCodeMax);
    act.fault = body.Text("fault", kCodeMax, "");
    act.reason = body.Text("reason", kCodeMax, "");
    act.note = body.Text("note", Labels::kNoteMax, "");
    MW_TRY(body.Finish());
    if (verdict != "confirm" && verdict != "reject" && verdict != "not_checked")
      return Fail(Errc::kInvalid, "verdict must be confirm, reject or not_checked");
    if (verdict == "confirm") act.state = VerificationState::kTruePositive;
    if (verdict == "reject") act.state = VerificationState::kFalsePositive;
    if (verdict == "not_checked" && !act.reason.empty())
      return Fail(Errc::kInvalid, "reason is for a rejection");
    if (auto refused = Guard(request, act.alarms)) return std::move(*refused);
    MW_TRY(const Acted acted, parts_.labels.Judge(act));
    if (parts_.on_verdict) parts_.on_verdict(act);
    return Done(act.act, acted);
  }

  Result<Response> Shelve(const Request& request) const {
    Body body(request.body);
    ShelveAct act{.act = ActOf(body, request), .alarms = {}};
    MW_TRY(act.alarms, AlarmsOf(body));
    act.life = body.Integer("for_s", 0, 0, Labels::kShelveMax / kSecond) * kSecond;
    act.reason = body.Text("reason", Labels::kNoteMax, "");
    MW_TRY(body.Finish());
    if (auto refused = Guard(request, act.alarms)) return std::move(*refused);
    MW_TRY(const Acted acted, parts_.labels.Shelve(act));
    return Done(act.act, acted);
  }

  Result<Response> Ask(const Request& request) const {
    Body body(request.body);
    QuestionAct act{.act = ActOf(body, request), .alarms = {}};
    MW_TRY(act.alarms, AlarmsOf(body));
    act.note = body.Text("note", Labels::kNoteMax, "");
    MW_TRY(body.Finish());
    if (auto refused = Guard(request, act.alarms)) return std::move(*refused);
    MW_TRY(const Acted acted, parts_.labels.Ask(act));
    return Done(act.act, acted);
  }

  Result<Response> Mark(const Request& request) const {
    Body body(request.body);
    RangeAct act{.act = ActOf(body, request),
                 .site = body.Text("site", kCodeMax),
                 .asset = body.Text("asset", kCodeMax)};
    act.from = body.Integer("from_ms", 0, 0, kFarthestMs) * kMillisecond;
    act.to = body.Integer("to_ms", 0, 0, kFarthestMs) * kMillisecond;
    const std::string rating = body.Text("rating", kCodeMax);
    act.fault = body.Text("fault", kCodeMax, "");
    act.note = body.Text("note", Labels::kNoteMax, "");
    act.source = body.Text("source", kCodeMax, "range");
    MW_TRY(body.Finish());
    if (act.source != "range" && act.source != "work_order")
      return Fail(Errc::kInvalid, "source must be range or work_order");
    const auto known = RatingOf(rating);
    if (!known) return Fail(Errc::kInvalid, "rating must be ANOMALY, NO_ANOMALY or NEUTRAL");
    act.rating = *known;
    if (parts_.may_judge)
      if (auto refused = parts_.may_judge(request, {act.site})) return std::move(*refused);
    MW_TRY(const Acted acted, parts_.labels.Mark(act));
    return Done(act.act, acted);
  }

  Result<Response> Undo(const Request& request) const {
    const Act act{.id = std::string(request.PathValue("id")), .who = WhoAsks(request)};
    if (parts_.may_judge) {
      MW_TRY(const auto sites, parts_.labels.SitesOfAct(act.id));
      if (auto refused = parts_.may_judge(request, sites)) return std::move(*refused);
    }
    MW_TRY(const Acted acted, parts_.labels.Undo(act.id, act.who));
    Tell(acted);
    return AnswerAct(act, acted, 200);
  }

 private:
  [[nodiscard]] static Act ActOf(Body& body, const Request& request) {
    return {.id = body.Text("id", kActIdMax), .who = WhoAsks(request)};
  }
  // What cannot be found is told by the work itself, in its own words.
  [[nodiscard]] std::optional<Response> Guard(const Request& request,
                                              const std::vector<AlarmRef>& alarms) const {
    if (!parts_.may_judge) return std::nullopt;
    const auto sites = parts_.labels.SitesOf(alarms);
    if (!sites) return http::Problem(sites.error());
    return parts_.may_judge(request, *sites);
  }
  void Tell(const Acted& acted) const {
    Changes changes;
    for (const AlarmRef& alarm : acted.changed) changes.alarms.emplace(alarm.device, alarm.key);
    parts_.feed.Add(changes);
  }
  [[nodiscard]] Response Done(const Act& act, const Acted& acted) const {
    Tell(acted);
    return AnswerAct(act, acted, acted.known ? 200 : 201);
  }

  LabelParts parts_;
};

}  // namespace

void AddLabelRoutes(http::Router& router, const LabelParts& parts) {
  const LabelWork work(parts);
  const auto add = [&](const char* path, auto method) {
    router.Add("POST", path, [work, method](const Request& request) {
      return Answered((work.*method)(request));
    });
  };
  add("/api/v1/verdicts", &LabelWork::Judge);
  add("/api/v1/shelvings", &LabelWork::Shelve);
  add("/api/v1/questions", &LabelWork::Ask);
  add("/api/v1/labels", &LabelWork::Mark);
  add("/api/v1/acts/{id}/undo", &LabelWork::Undo);
}

}  // namespace millwright::hub
