#include "hub/api/notify_routes.h"

#include "hub/api/answers.h"
#include "hub/api/body.h"
#include "hub/api/params.h"
#include "hub/api/words.h"
#include "hub/notify/message.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;
using notify::Delivery;
using notify::State;

// A webhook's path may be its secret; its server is enough for people to know it by.
std::string ShownTarget(const Delivery& delivery) {
  const bool email = delivery.channel == notify::Channel::kEmail;
  return email ? delivery.target : notify::ShownUrl(delivery.target);
}

void WriteDelivery(JsonWriter& json, const Delivery& d) {
  const bool open = d.state != State::kSent && d.state != State::kFailed;
  json.BeginObject().Field("id", d.id).Field("route", d.route).Field("channel", Name(d.channel));
  json.Field("target", ShownTarget(d)).Field("kind", d.kind).Field("level", Name(d.level));
  json.Field("site", d.site).Field("count", d.count).Field("state", Name(d.state));
  json.Field("words", d.items.empty() ? std::string() : LineOf(d.items.front()));
  json.Field("attempts", d.attempts).Field("created_ms", Milliseconds(d.created)).Key("due_ms");
  if (open)
    json.Integer(Milliseconds(d.due));
  else
    json.Null();
  json.Field("updated_ms", Milliseconds(d.updated)).Field("error", d.error).EndObject();
}

Result<Response> ListNotifications(const ApiContext& context, bool enabled,
                                   store::Database& database, const Request& request) {
  Params params(request);
  const int64_t limit = params.Integer("limit", 50, 1, 500);
  if (auto problem = params.Finish()) return *problem;
  MW_TRY(const auto deliveries, notify::LoadDeliveries(database, limit));
  MW_TRY(const auto counts, notify::CountDeliveries(database));
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(context.clock.Utc())).Field("enabled", enabled);
  json.Field("waiting", counts.waiting).Field("sent", counts.sent).Field("failed", counts.failed);
  json.Key("notifications").BeginArray();
  for (const Delivery& delivery : deliveries) WriteDelivery(json, delivery);
  json.EndArray().EndObject();
  return JsonAnswer(json);
}

Result<Response> TestRoute(notify::Notifier& notifier, const Request& request) {
  Body body(request.body);
  const std::string route = body.Text("route", 64);
  MW_TRY(body.Finish());
  MW_TRY(const std::vector<std::string> ids, notifier.Test(route, WhoAsks(request)));
  JsonWriter json;
  json.BeginObject().Field("route", route).Key("ids").BeginArray();
  for (const std::string& id : ids) json.String(id);
  json.EndArray().EndObject();
  return JsonAnswer(json, 202);
}

}  // namespace

void AddNotifyRoutes(http::Router& router, const ApiContext& context, notify::Notifier* notifier) {
  AddRead(
      router, context, "/api/v1/notifications",
      [&context, enabled = notifier != nullptr](store::Database& database, const Request& request) {
        return ListNotifications(context, enabled, database, request);
      });
  router.Add("POST", "/api/v1/notifications/test", [notifier](const Request& request) {
    if (notifier == nullptr)
      return http::Problem(
          Error{Errc::kConflict, "this hub tells nobody: its configuration has no notify.route"});
    return Answered(TestRoute(*notifier, request));
  });
}

}  // namespace millwright::hub
