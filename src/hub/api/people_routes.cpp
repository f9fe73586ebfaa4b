// Accounts of people, and who one is.
#include <nlohmann/json.hpp>

#include "http/json_writer.h"
#include "hub/api/answers.h"
#include "hub/api/body.h"
#include "hub/api/identity_routes.h"
#include "hub/api/params.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

constexpr size_t kPersonNameMax = 64;
constexpr size_t kPersonTextMax = 300;

using PeopleWork = std::function<Result<Response>(People&, const Request&)>;

void AddPeople(http::Router& router, const IdentityParts& parts, std::string_view method,
               std::string_view path, PeopleWork work) {
  router.Add(method, path, [parts, work = std::move(work)](const Request& request) {
    if (parts.people == nullptr)
      return http::Problem(409, "conflict", "this hub has no accounts: access.required is not set");
    return Answered(work(*parts.people, request));
  });
}

// "*=viewer", "alder=operator": flat, so that a command line says it the same way.
Result<SiteRoles> RolesOf(Body& body) {
  SiteRoles roles;
  for (const std::string& text : body.Texts("roles", 101, 100)) {
    const size_t at = text.find('=');
    const auto role =
        at == std::string::npos ? std::nullopt : RoleOf(std::string_view(text).substr(at + 1));
    if (!role)
      return Fail(Errc::kInvalid,
                  "roles: \"" + text + "\" is not PLANT=ROLE with viewer, operator or admin");
    roles[text.substr(0, at)] = *role;
  }
  return roles;
}

Response NameAnswer(std::string_view name, int status = 200) {
  JsonWriter json;
  json.BeginObject().Field("name", name).EndObject();
  return JsonAnswer(json, status);
}

void WriteRoles(JsonWriter& json, const SiteRoles& roles) {
  json.Key("roles").BeginArray();
  for (const auto& [site, role] : roles)
    json.BeginObject().Field("site", site).Field("role", Name(role)).EndObject();
  json.EndArray();
}

Result<Response> ListPeople(People& people, const Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  MW_TRY(const std::vector<Person> list, people.List());
  JsonWriter json;
  json.BeginObject().Key("people").BeginArray();
  for (const Person& person : list) {
    json.BeginObject().Field("name", person.name).Field("display", person.display);
    WriteRoles(json, person.roles);
    json.Field("created_by", person.created_by);
    json.Field("created_ms", Milliseconds(person.created)).Key("disabled_ms");
    if (person.disabled == 0)
      json.Null();
    else
      json.Integer(Milliseconds(person.disabled));
    json.EndObject();
  }
  return JsonAnswer(json.EndArray().EndObject());
}

Result<Response> AddPerson(People& people, const Request& request) {
  Body body(request.body);
  NewPerson person{.name = body.Text("name", kPersonNameMax),
                   .display = body.Text("display", kPersonTextMax, ""),
                   .password = body.Text("password", kPersonTextMax),
                   .who = WhoAsks(request)};
  MW_TRY(person.roles, RolesOf(body));
  MW_TRY(body.Finish());
  MW_TRY(people.Add(person));
  return NameAnswer(person.name, 201);
}

Result<Response> SetRoles(People& people, const Request& request) {
  Body body(request.body);
  MW_TRY(const SiteRoles roles, RolesOf(body));
  MW_TRY(body.Finish());
  const std::string name(request.PathValue("name"));
  MW_TRY(people.SetRoles(name, roles, WhoAsks(request)));
  return NameAnswer(name);
}

Result<Response> SetPassword(People& people, const Request& request) {
  Body body(request.body);
  const std::string password = body.Text("password", kPersonTextMax);
  MW_TRY(body.Finish());
  const std::string name(request.PathValue("name"));
  MW_TRY(people.SetPassword(name, password, WhoAsks(request)));
  return NameAnswer(name);
}

PeopleWork SetDisabled(bool disabled) {
  return [disabled](People& people, const Request& request) -> Result<Response> {
    const std::string name(request.PathValue("name"));
    MW_TRY(people.SetDisabled(name, disabled, WhoAsks(request)));
    return NameAnswer(name);
  };
}

Response WhoAmI(const IdentityParts& parts, const Request& request) {
  JsonWriter json;
  json.BeginObject().Field("name", WhoAsks(request));
  Caller caller{.name = WhoAsks(request), .role = Role::kAdmin};
  if (parts.access != nullptr) {
    const auto found = FindCaller(*parts.access, request);
    if (found && *found) caller = **found;
  }
  json.Field("person", caller.is_person);
  if (caller.sites.empty()) caller.sites.emplace(kAllSites, caller.role);
  WriteRoles(json, caller.sites);
  return JsonAnswer(json.EndObject());
}

}  // namespace

void AddPeopleRoutes(http::Router& router, const IdentityParts& parts) {
  AddPeople(router, parts, "GET", "/api/v1/people", ListPeople);
  AddPeople(router, parts, "POST", "/api/v1/people", AddPerson);
  AddPeople(router, parts, "POST", "/api/v1/people/{name}/roles", SetRoles);
  AddPeople(router, parts, "POST", "/api/v1/people/{name}/password", SetPassword);
  AddPeople(router, parts, "POST", "/api/v1/people/{name}/disable", SetDisabled(true));
  AddPeople(router, parts, "POST", "/api/v1/people/{name}/enable", SetDisabled(false));
  router.Add("GET", "/api/v1/me", [parts](const Request& request) {
    if (auto problem = Params(request).Finish()) return *problem;
    return WhoAmI(parts, request);
  });
}

}  // namespace millwright::hub
