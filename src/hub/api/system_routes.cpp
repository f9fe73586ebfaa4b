#include "hub/api/system_routes.h"

#include <algorithm>

#include "console/assets.h"
#include "http/json_writer.h"
#include "hub/api/openapi.h"

namespace millwright::hub {
namespace {

http::Response Text(std::string body, std::string content_type) {
  http::Response response;
  response.body = std::move(body);
  response.content_type = std::move(content_type);
  return response;
}

http::Response Ready(const ApiContext& context, const Readiness& readiness,
                     const Readiness& warnings) {
  std::vector<std::string> reasons = readiness();
  const auto reader = context.readers.Take(500 * kMillisecond);
  if (!reader) reasons.push_back(reader.error().what);
  http::JsonWriter json;
  json.BeginObject().Field("ready", reasons.empty()).Key("reasons").BeginArray();
  for (const std::string& reason : reasons) json.String(reason);
  json.EndArray().Key("warnings").BeginArray();
  if (warnings)
    for (const std::string& warning : warnings()) json.String(warning);
  http::Response response = Text(json.EndArray().EndObject().Take(), "application/json");
  response.status = reasons.empty() ? 200 : 503;
  return response;
}

const console::Asset* FindAsset(std::string_view path) {
  const auto assets = console::Assets();
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [&](const console::Asset& a) { return a.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

bool LooksLikeAPage(std::string_view path) {
  const std::string_view last = path.substr(path.rfind('/') + 1);
  return !path.starts_with("/api/") && last.find('.') == std::string_view::npos;
}

http::Response Console(const http::Request& request) {
  const console::Asset* asset = FindAsset(request.path == "/" ? "/index.html" : request.path);
  if (asset == nullptr && LooksLikeAPage(request.path)) asset = FindAsset("/index.html");
  if (asset == nullptr) return http::Problem(404, "not_found", "there is no " + request.path);
  http::Response response;
  response.content_type = asset->mime;
  response.body.assign(reinterpret_cast<const char*>(asset->gzip.data()), asset->gzip.size());
  response.body_is_gzip = true;
  response.etag = asset->etag;
  response.cache_control = asset->immutable ? "public, max-age=31536000, immutable" : "no-cache";
  return response;
}

}  // namespace

void AddSystemRoutes(http::Router& router, const ApiContext& context, metrics::Registry& registry,
                     Readiness readiness, Readiness warnings) {
  router.Add("GET", "/healthz",
             [](const http::Request&) { return Text("{\"ok\":true}", "application/json"); });
  router.Add("GET", "/readyz",
             [&context, readiness = std::move(readiness), warnings = std::move(warnings)](
                 const http::Request&) { return Ready(context, readiness, warnings); });
  router.Add("GET", "/metrics", [&registry](const http::Request&) {
    return Text(registry.Text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  router.Add("GET", "/version", [&context](const http::Request&) {
    return Text(http::JsonWriter()
                    .BeginObject()
                    .Field("name", "millwright-hub")
                    .Field("version", context.version)
                    .EndObject()
                    .Take(),
                "application/json");
  });
  router.Add("GET", "/openapi.json", [](const http::Request&) {
    http::Response response = Text(std::string(OpenApiDocument()), "application/json");
    response.cache_control = "no-cache";
    return response;
  });
}

void SetConsole(http::Router& router) { router.SetFallback(Console); }

}  // namespace millwright::hub
