#include "hub/api/retrain_routes.h"

#include "hub/api/answers.h"
#include "hub/api/body.h"
#include "hub/api/params.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;
using retrain::Figures;
using retrain::Retrain;
using retrain::Retrains;

constexpr int64_t kLogBytesMax = 256 << 10;

void WriteFigures(JsonWriter& json, const Figures& figures) {
  json.BeginObject().Field("live_error", figures.live).Field("candidate_error", figures.candidate);
  json.Field("t2_error", figures.t2).Field("rms_error", figures.rms);
  json.Field("always_error", figures.always).Field("runs", figures.runs);
  json.Field("runs_better", figures.runs_better).Field("runs_worse", figures.runs_worse);
  json.Field("events_total", figures.events).EndObject();
}

void WriteRetrain(JsonWriter& json, const Retrain& job) {
  json.BeginObject().Field("id", job.id).Field("cause", job.cause).Field("who", job.who);
  json.Field("why", job.why).Field("state", retrain::Name(job.state)).Field("words", job.words);
  json.Field("cancelled_by", job.cancelled_by).Field("approved_by", job.approved_by);
  json.Field("attempts", job.attempts).Field("created_ms", Milliseconds(job.created));
  json.Field("updated_ms", Milliseconds(job.updated)).Field("code_version", job.code_version);
  json.Field("parent", job.parent).Field("data_sha256", job.data_sha256);
  json.Field("bundle", job.bundle).Field("rollout", job.rollout).Key("figures");
  if (const auto figures = retrain::ReadFigures(job.figures))
    WriteFigures(json, *figures);
  else
    json.Null();
  json.EndObject();
}

Response AnswerRetrain(const Retrain& job, int status = 200) {
  JsonWriter json;
  WriteRetrain(json, job);
  return JsonAnswer(json, status);
}

Result<Response> ListRetrains(store::Database& database, bool enabled, const Request& request) {
  Params params(request);
  const int64_t limit = params.Integer("limit", 50, 1, 500);
  if (auto problem = params.Finish()) return *problem;
  MW_TRY(const auto jobs, retrain::LoadRetrains(database, limit));
  JsonWriter json;
  json.BeginObject().Field("enabled", enabled).Key("retrains").BeginArray();
  for (const Retrain& job : jobs) WriteRetrain(json, job);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> ReadLog(store::Database& database, const retrain::Options& options,
                         const Request& request) {
  Params params(request);
  const int64_t bytes = params.Integer("bytes", 16 << 10, 1, kLogBytesMax);
  if (auto problem = params.Finish()) return *problem;
  // By the row's id, so that no path of the asker's own is opened.
  MW_TRY(const Retrain job, retrain::LoadRetrain(database, std::string(request.PathValue("id"))));
  std::string text = options.enabled() ? retrain::TailOfLog(retrain::LogOf(options, job.id),
                                                            static_cast<size_t>(bytes))
                                       : std::string();
  // A program may write anything; JSON takes text.
  for (char& c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') ||
        static_cast<unsigned char>(c) >= 0x7f)
      c = c == '\r' ? '\n' : '?';
  JsonWriter json;
  json.BeginObject().Field("id", job.id).Field("log", text);
  return JsonAnswer(json.EndObject());
}

Result<Response> Ask(Retrains& retrains, const Request& request) {
  Body body(request.body);
  const std::string why = body.Text("why", Retrains::kWhyMax, "");
  MW_TRY(body.Finish());
  MW_TRY(const Retrain job, retrains.Ask(retrain::kCausePerson, WhoAsks(request), why));
  return AnswerRetrain(job, 201);
}

using Steer = Result<Retrain> (Retrains::*)(const std::string&, const std::string&);

Result<Response> Steered(Retrains& retrains, Steer steer, const Request& request) {
  MW_TRY(const Retrain job,
         (retrains.*steer)(std::string(request.PathValue("id")), WhoAsks(request)));
  return AnswerRetrain(job);
}

}  // namespace

void AddRetrainRoutes(http::Router& router, const ApiContext& context, Retrains* retrains,
                      const retrain::Options& options) {
  const bool enabled = retrains != nullptr;
  AddRead(router, context, "/api/v1/retrains",
          [enabled](store::Database& database, const Request& request) {
            return ListRetrains(database, enabled, request);
          });
  AddRead(router, context, "/api/v1/retrains/{id}",
          [](store::Database& database, const Request& request) -> Result<Response> {
            MW_TRY(const Retrain job,
                   retrain::LoadRetrain(database, std::string(request.PathValue("id"))));
            return AnswerRetrain(job);
          });
  AddRead(router, context, "/api/v1/retrains/{id}/log",
          [options](store::Database& database, const Request& request) {
            return ReadLog(database, options, request);
          });
  const auto add = [&](const char* path, auto work) {
    router.Add("POST", path, [retrains, work](const Request& request) {
      if (retrains == nullptr)
        return http::Problem(
            Error{Errc::kConflict, "this hub does not retrain: its configuration has no retrain"});
      return Answered(work(*retrains, request));
    });
  };
  add("/api/v1/retrains", Ask);
  add("/api/v1/retrains/{id}/cancel", [](Retrains& jobs, const Request& request) {
    return Steered(jobs, &Retrains::Cancel, request);
  });
  add("/api/v1/retrains/{id}/approve", [](Retrains& jobs, const Request& request) {
    return Steered(jobs, &Retrains::Approve, request);
  });
}

}  // namespace millwright::hub
