#include "hub/api/access_gate.h"

#include <algorithm>

namespace millwright::hub {
namespace {

constexpr double kFailuresAtOnce = 20;
constexpr double kFailuresPerSecond = 1;

constexpr std::string_view kOpen[] = {
    "/healthz",        "/readyz",        "/version",      "/openapi.json",
    "/api/v1/session", "/api/v1/enroll", "/api/v1/renew", "/api/v1/authority",
};
constexpr std::string_view kForAdmins[] = {"/api/v1/identity/", "/api/v1/access", "/api/v1/people"};

bool ChangesNothing(std::string_view method) { return method == "GET" || method == "HEAD"; }

http::Response Unauthorized() {
  http::Response response = http::Problem(
      401, "unauthorized", "this hub asks for an access token: Authorization: Bearer TOKEN");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

bool FailureLimit::Takes() {
  const MutexLock lock(mutex_);
  const Nanos now = clock_.Monotonic();
  left_ = std::min(kFailuresAtOnce, left_ + Seconds(now - filled_) * kFailuresPerSecond);
  filled_ = now;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

http::Response FailureLimit::TooMany() {
  http::Response response =
      http::Problem(429, "too_many_failures", "too many wrong tries; wait a moment");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

std::optional<Role> RoleFor(std::string_view method, std::string_view route) {
  if (std::find(std::begin(kOpen), std::end(kOpen), route) != std::end(kOpen)) return std::nullopt;
  for (const std::string_view head : kForAdmins)
    if (route.starts_with(head)) return Role::kAdmin;
  return ChangesNothing(method) ? Role::kViewer : Role::kOperator;
}

std::string_view BearerOf(const http::Request& request) {
  constexpr std::string_view kHead = "Bearer ";
  const std::string_view header = request.Header("authorization");
  return header.starts_with(kHead) ? header.substr(kHead.size()) : std::string_view();
}

Result<std::optional<Caller>> FindCaller(Access& access, const http::Request& request) {
  if (const std::string_view bearer = BearerOf(request); !bearer.empty())
    return access.WhoHas(bearer);
  if (const std::string_view session = request.Cookie(kSessionCookie); !session.empty())
    return access.WhoseSession(session);
  return std::optional<Caller>();
}

std::optional<http::Response> RefuseAt(Access* access, const http::Request& request,
                                       const std::vector<std::string>& sites, Role needed) {
  if (access == nullptr) return std::nullopt;
  const auto caller = FindCaller(*access, request);
  if (!caller) return http::Problem(caller.error());
  if (!*caller) return Unauthorized();
  for (const std::string& site : sites)
    if (!(*caller)->MayAt(site, needed))
      return http::Problem(403, "forbidden",
                           "this needs the role " + std::string(Name(needed)) + " at " + site);
  return std::nullopt;
}

std::optional<http::Response> AccessGate::operator()(http::Request& request,
                                                     std::string_view route) const {
  const std::optional<Role> needed = RoleFor(request.method, route);
  if (access_ == nullptr) request.who = "anyone";
  if (access_ == nullptr || !needed) return std::nullopt;
  const auto caller = FindCaller(*access_, request);
  if (!caller) return http::Problem(caller.error());
  if (!*caller) {
    const bool tried = !BearerOf(request).empty();
    return !tried || failures_.Takes() ? Unauthorized() : FailureLimit::TooMany();
  }
  if ((*caller)->role < *needed)
    return http::Problem(403, "forbidden",
                         "this needs the role " + std::string(Name(*needed)) + "; " +
                             (*caller)->name + " has " + std::string(Name((*caller)->role)));
  // A page of another origin can make a browser send our cookie, but not this header.
  if (BearerOf(request).empty() && !ChangesNothing(request.method) &&
      request.Header("x-millwright").empty())
    return http::Problem(403, "forbidden", "a change by a session needs the header X-Millwright");
  request.who = (*caller)->name;
  return std::nullopt;
}

}  // namespace millwright::hub
