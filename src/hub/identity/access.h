// Who may ask the hub what: bearer tokens with a role, and sessions that a browser gets for one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

/// Each may do what the ones before it may.
enum class Role : uint8_t { kViewer, kOperator, kAdmin };
[[nodiscard]] std::string_view Name(Role role);
[[nodiscard]] std::optional<Role> RoleOf(std::string_view name);

/// What somebody may at each plant; "*" stands for all.
using SiteRoles = std::map<std::string, Role, std::less<>>;
inline constexpr std::string_view kAllSites = "*";

struct Caller {
  std::string name;
  Role role = Role::kViewer;  // the highest of all plants: what routes ask for
  SiteRoles sites{};          // empty: `role` at all of them
  bool is_person = false;
  [[nodiscard]] bool MayAt(std::string_view site, Role needed) const;
};

struct AccessToken {
  std::string id, name, created_by;
  Role role = Role::kViewer;
  Nanos created = 0, expires = 0, revoked = 0;  // 0: never, not
};
struct NewToken {
  std::string name;
  Role role = Role::kViewer;
  Nanos life = 0;  // 0: until it is revoked
  std::string who{};
};
struct MadeToken {
  std::string id, secret;  // the secret is kept nowhere
};

/// The secret of a new session, for a token or a person.
[[nodiscard]] std::string NewSessionSecret();

/// Thread-safe. A token or session that was revoked is refused from the next question on.
class Access {
 public:
  static constexpr Nanos kSessionLife = 12 * 3600 * kSecond;

  /// Owns its connection; borrows the clock.
  Access(std::unique_ptr<store::Database> database, os::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  [[nodiscard]] Result<MadeToken> Add(const NewToken& token);
  /// kNotFound where there is none that counts.
  [[nodiscard]] Result<void> Revoke(std::string_view id, std::string_view who);
  [[nodiscard]] Result<std::vector<AccessToken>> List();

  /// Nobody for a token that is unknown, expired or revoked.
  [[nodiscard]] Result<std::optional<Caller>> WhoHas(std::string_view secret);
  [[nodiscard]] Result<std::optional<Caller>> WhoseSession(std::string_view secret);
  /// A session for who has this token; kNotFound for one that is none.
  [[nodiscard]] Result<std::string> OpenSession(std::string_view token_secret);
  [[nodiscard]] Result<void> CloseSession(std::string_view secret);

 private:
  [[nodiscard]] Result<std::optional<Caller>> AskForPerson(std::string_view hash)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::optional<Caller>> Ask(std::string_view sql, std::string_view hash)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Note(std::string_view who, std::string_view what,
                                  std::string_view subject, std::string_view detail)
      MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  os::Clock& clock_;
};

}  // namespace millwright::hub
