#include "http/json_writer.h"
#include "hub/api/body.h"
#include "hub/api/identity_routes.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

constexpr size_t kAccessSecretMax = 200;
constexpr int64_t kAccessSecondsMax = int64_t{10} * 365 * 86'400;

using AccessWork = std::function<Result<Response>(const IdentityParts&, const Request&)>;

void AddAccess(http::Router& router, const IdentityParts& parts, std::string_view method,
               std::string_view path, AccessWork work) {
  router.Add(method, path, [parts, work = std::move(work)](const Request& request) {
    if (parts.access == nullptr)
      return http::Problem(409, "conflict",
                           "this hub asks for no tokens: access.required is not set");
    Result<Response> response = work(parts, request);
    return response ? std::move(*response) : http::Problem(response.error());
  });
}

Response AccessAnswer(JsonWriter& json, int status = 200) {
  Response response;
  response.status = status;
  response.body = json.Take();
  return response;
}

Response WithCookie(const IdentityParts& parts, const std::string& value, int64_t seconds) {
  Response response;
  response.status = 204;
  response.headers.emplace_back(
      "Set-Cookie", std::string(kSessionCookie) + "=" + value +
                        "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds) +
                        (parts.secure_cookies ? "; Secure" : ""));
  return response;
}

// A token, or a person's name and password.
Result<Response> OpenSession(const IdentityParts& parts, const Request& request) {
  Body body(request.body);
  const std::string token = body.Text("token", kAccessSecretMax, "");
  const std::string name = body.Text("name", kAccessSecretMax, "");
  const std::string password = body.Text("password", kAccessSecretMax * 2, "");
  MW_TRY(body.Finish());
  if (token.empty() == name.empty())
    return Fail(Errc::kInvalid, "either a token, or name and password");
  const bool by_person = token.empty() && parts.people != nullptr;
  const auto session =
      by_person ? parts.people->OpenSession(name, password) : parts.access->OpenSession(token);
  if (session) return WithCookie(parts, *session, Access::kSessionLife / kSecond);
  if (session.error().code == Errc::kExhausted) return FailureLimit::TooMany();
  if (session.error().code != Errc::kNotFound) return tl::unexpected(session.error());
  if (!parts.failures.Takes()) return FailureLimit::TooMany();
  return http::Problem(401, "unauthorized",
                       token.empty() ? "this name and password do not belong together"
                                     : "this token is none, or no longer one");
}

Result<Response> CloseSession(const IdentityParts& parts, const Request& request) {
  MW_TRY(parts.access->CloseSession(request.Cookie(kSessionCookie)));
  return WithCookie(parts, "", 0);
}

Result<Response> ListTokens(const IdentityParts& parts, const Request& /*request*/) {
  MW_TRY(const auto tokens, parts.access->List());
  JsonWriter json;
  json.BeginObject().Key("tokens").BeginArray();
  const auto moment = [&](std::string_view key, Nanos at) {
    json.Key(key);
    if (at == 0)
      json.Null();
    else
      json.Integer(Milliseconds(at));
  };
  for (const AccessToken& token : tokens) {
    json.BeginObject().Field("id", token.id).Field("name", token.name);
    json.Field("role", Name(token.role)).Field("created_by", token.created_by);
    json.Field("created_ms", Milliseconds(token.created));
    moment("expires_ms", token.expires);
    moment("revoked_ms", token.revoked);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return AccessAnswer(json);
}

Result<Response> AddToken(const IdentityParts& parts, const Request& request) {
  Body body(request.body);
  NewToken wanted{.name = body.Text("name", 64), .role = Role::kViewer, .who = request.who};
  const auto role = RoleOf(body.Text("role", 16));
  wanted.life = body.Integer("ttl_s", 0, 0, kAccessSecondsMax) * kSecond;
  MW_TRY(body.Finish());
  if (!role) return Fail(Errc::kInvalid, "role must be viewer, operator or admin");
  wanted.role = *role;
  MW_TRY(const MadeToken made, parts.access->Add(wanted));
  JsonWriter json;
  json.BeginObject().Field("id", made.id).Field("token", made.secret).EndObject();
  return AccessAnswer(json, 201);
}

Result<Response> RevokeToken(const IdentityParts& parts, const Request& request) {
  MW_TRY(parts.access->Revoke(request.PathValue("id"), request.who));
  JsonWriter json;
  json.BeginObject().Field("id", request.PathValue("id")).EndObject();
  return AccessAnswer(json);
}

}  // namespace

void AddAccessRoutes(http::Router& router, const IdentityParts& parts) {
  AddAccess(router, parts, "POST", "/api/v1/session", OpenSession);
  AddAccess(router, parts, "DELETE", "/api/v1/session", CloseSession);
  AddAccess(router, parts, "GET", "/api/v1/access", ListTokens);
  AddAccess(router, parts, "POST", "/api/v1/access", AddToken);
  AddAccess(router, parts, "POST", "/api/v1/access/{id}/revoke", RevokeToken);
}

}  // namespace millwright::hub
