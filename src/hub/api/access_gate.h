// The door of the API: who may pass to which route, and how many wrong tries are heard.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "http/message.h"
#include "hub/identity/access.h"
#include "os/clock.h"

namespace millwright::hub {

inline constexpr std::string_view kSessionCookie = "mw_session";

/// How many failures are answered, so that a flood of them costs little. Secrets are too long to be
/// guessed, so what succeeds is never slowed down, and nobody can lock others out. Thread-safe.
class FailureLimit {
 public:
  explicit FailureLimit(os::Clock& clock) : clock_(clock), filled_(clock.Monotonic()) {}
  /// Counts a failure; false where it is one too many: answer TooMany() then.
  [[nodiscard]] bool Takes();
  [[nodiscard]] static http::Response TooMany();

 private:
  os::Clock& clock_;
  Mutex mutex_;
  double left_ MW_GUARDED_BY(mutex_) = 20;
  Nanos filled_ MW_GUARDED_BY(mutex_);
};

/// Reading needs a viewer, changing an operator, identities and tokens an admin. What a gateway
/// without a certificate or a browser without a session must reach is open.
class AccessGate {
 public:
  /// Borrows all. Without `access` everybody is an admin called "anyone".
  AccessGate(Access* access, FailureLimit& failures) : access_(access), failures_(failures) {}

  /// As http::Gate: an answer refuses; otherwise `who` is set.
  [[nodiscard]] std::optional<http::Response> operator()(http::Request& request,
                                                         std::string_view route) const;

 private:
  Access* access_;
  FailureLimit& failures_;
};

/// Who asks, by token or session; nobody where neither counts.
[[nodiscard]] Result<std::optional<Caller>> FindCaller(Access& access,
                                                       const http::Request& request);
/// A refusal where who asks has not `needed` at each of `sites`. Without `access`: never.
[[nodiscard]] std::optional<http::Response> RefuseAt(Access* access, const http::Request& request,
                                                     const std::vector<std::string>& sites,
                                                     Role needed);
/// What the route needs; nothing: it is open.
[[nodiscard]] std::optional<Role> RoleFor(std::string_view method, std::string_view route);
/// The text after "Bearer " of the Authorization header; empty where there is none.
[[nodiscard]] std::string_view BearerOf(const http::Request& request);

}  // namespace millwright::hub
