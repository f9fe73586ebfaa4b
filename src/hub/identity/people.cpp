#include "hub/identity/people.h"

#include <algorithm>

#include "core/ids.h"
#include "crypto/password/password.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

constexpr double kTriesAtOnce = 10;
constexpr double kTriesPerSecond = 1.0 / 30;
constexpr size_t kDisplayMax = 100;
constexpr size_t kSitesOfPersonMax = 100;
// A hash that nothing fits: an unknown name takes as long as a known one.
constexpr const char* kNobodysPassword = "nobody has this password";

Result<void> CheckRoles(const SiteRoles& roles) {
  if (roles.empty())
    return Fail(Errc::kInvalid, "roles must name a role for a plant, or for \"*\"");
  if (roles.size() > kSitesOfPersonMax)
    return Fail(Errc::kInvalid, "roles must name at most 100 plants");
  for (const auto& [site, role] : roles)
    if (site != kAllSites) MW_TRY(CheckIdText("roles: a plant", site));
  return {};
}

}  // namespace

NameLimit::Tries NameLimit::Now(const std::string& name) const {
  const Nanos now = clock_.Monotonic();
  const auto at = names_.find(name);
  if (at == names_.end()) return {.left = kTriesAtOnce, .at = now};
  const double left = at->second.left + Seconds(now - at->second.at) * kTriesPerSecond;
  return {.left = std::min(kTriesAtOnce, left), .at = now};
}

bool NameLimit::MayTry(const std::string& name) { return Now(name).left >= 1; }

void NameLimit::Failed(const std::string& name) {
  Tries tries = Now(name);
  tries.left -= 1;
  if (names_.size() >= kNamesMax && !names_.contains(name))
    names_.erase(
        std::ranges::min_element(names_, {}, [](const auto& one) { return one.second.at; }));
  names_[name] = tries;
}

Result<void> People::WriteRoles(const std::string& name, const SiteRoles& roles) {
  MW_TRY(database_->Run("DELETE FROM people_roles WHERE person = $1", {name}));
  for (const auto& [site, role] : roles)
    MW_TRY(database_->Run("INSERT INTO people_roles (person, site, role) VALUES ($1, $2, $3)",
                          {name, site, Name(role)}));
  return {};
}

Result<void> People::MustBe(const std::string& name) {
  MW_TRY(const bool found, database_->First("SELECT name FROM people WHERE name = $1", {name},
                                            [](const store::Row&) {}));
  if (!found) return Fail(Errc::kNotFound, "there is nobody called " + name);
  return {};
}

Result<std::string> People::Hash(std::string_view password) {
  const MutexLock hashing(hashing_);
  return crypto::HashPassword(password);
}

Result<void> People::Add(const NewPerson& person) {
  MW_TRY(CheckIdText("name", person.name));
  MW_TRY(CheckRoles(person.roles));
  if (person.display.size() > kDisplayMax)
    return Fail(Errc::kInvalid, "display must have at most 100 bytes");
  MW_TRY(const std::string hash, Hash(person.password));
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  int64_t count = 0;
  MW_TRY(database_->First("SELECT COUNT(*) FROM people", {},
                          [&](const store::Row& row) { count = row.Int(0); }));
  if (count >= static_cast<int64_t>(kPeopleMax))
    return Fail(Errc::kExhausted, "there are 10000 accounts already");
  if (MustBe(person.name))
    return Fail(Errc::kConflict, "there is somebody called " + person.name + " already");
  MW_TRY(database_->Run(
      "INSERT INTO people (name, display, hash, created_ns, created_by) VALUES ($1, $2, $3, $4, "
      "$5)",
      {person.name, person.display.empty() ? person.name : person.display, hash, now, person.who}));
  MW_TRY(WriteRoles(person.name, person.roles));
  MW_TRY(store::WriteAudit(*database_, now,
                           {.who = person.who, .what = "account added", .subject = person.name}));
  return transaction.Commit();
}

Result<void> People::SetRoles(const std::string& name, const SiteRoles& roles,
                              const std::string& who) {
  MW_TRY(CheckRoles(roles));
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(MustBe(name));
  MW_TRY(WriteRoles(name, roles));
  MW_TRY(store::WriteAudit(*database_, clock_.Utc(),
                           {.who = who, .what = "account's roles set", .subject = name}));
  return transaction.Commit();
}

Result<void> People::SetPassword(const std::string& name, const std::string& password,
                                 const std::string& who) {
  MW_TRY(const std::string hash, Hash(password));
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(MustBe(name));
  MW_TRY(database_->Run("UPDATE people SET hash = $1 WHERE name = $2", {hash, name}));
  MW_TRY(database_->Run("DELETE FROM sessions WHERE person = $1", {name}));
  MW_TRY(store::WriteAudit(*database_, clock_.Utc(),
                           {.who = who, .what = "password set", .subject = name}));
  return transaction.Commit();
}

Result<void> People::SetDisabled(const std::string& name, bool disabled, const std::string& who) {
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(MustBe(name));
  MW_TRY(database_->Run("UPDATE people SET disabled_ns = $1 WHERE name = $2",
                        {disabled ? store::Value(now) : store::Value(nullptr), name}));
  if (disabled) MW_TRY(database_->Run("DELETE FROM sessions WHERE person = $1", {name}));
  MW_TRY(store::WriteAudit(
      *database_, now,
      {.who = who, .what = disabled ? "account disabled" : "account enabled", .subject = name}));
  return transaction.Commit();
}

Result<std::vector<Person>> People::List() {
  const MutexLock lock(mutex_);
  std::vector<Person> out;
  MW_TRY(database_->Each(
      "SELECT p.name, p.display, p.created_by, p.created_ns, p.disabled_ns, r.site, r.role FROM "
      "people p LEFT JOIN people_roles r ON r.person = p.name ORDER BY p.name, r.site",
      {}, [&](const store::Row& row) {
        if (out.empty() || out.back().name != row.Text(0))
          out.push_back({.name = std::string(row.Text(0)),
                         .display = std::string(row.Text(1)),
                         .created_by = std::string(row.Text(2)),
                         .created = row.Int(3),
                         .disabled = row.Int(4)});
        if (!row.IsNull(5))
          out.back().roles.emplace(row.Text(5), RoleOf(row.Text(6)).value_or(Role::kViewer));
      }));
  return out;
}

Result<std::string> People::HashOf(const std::string& name) {
  std::string hash;
  MW_TRY(database_->First("SELECT hash FROM people WHERE name = $1 AND disabled_ns IS NULL", {name},
                          [&](const store::Row& row) { hash = row.Text(0); }));
  return hash;
}

Result<std::string> People::OpenSession(const std::string& name, std::string_view password) {
  const MutexLock hashing(hashing_);
  if (!limit_.MayTry(name))
    return Fail(Errc::kExhausted, "too many wrong tries of this name; wait half a minute");
  std::string hash;
  {
    const MutexLock lock(mutex_);
    MW_TRY(hash, HashOf(name));
  }
  if (hash.empty()) {
    static const std::string nobodys = crypto::HashPassword(kNobodysPassword).value_or("");
    static_cast<void>(crypto::PasswordFits(nobodys, password));
  }
  if (hash.empty() || !crypto::PasswordFits(hash, password)) {
    limit_.Failed(name);
    return Fail(Errc::kNotFound, "this name and password do not belong together");
  }
  limit_.Succeeded(name);
  const std::string session = NewSessionSecret();
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(database_->Run("DELETE FROM sessions WHERE expires_ns <= $1", {now}));
  // The password may have been changed while it was being compared.
  MW_TRY(
      const int64_t opened,
      database_->Run("INSERT INTO sessions (hash, expires_ns, token_id, person) SELECT $1, $2, "
                     "'', name FROM people WHERE name = $3 AND hash = $4 AND disabled_ns IS NULL",
                     {crypto::Sha256Hex(session), now + Access::kSessionLife, name, hash}));
  if (opened == 0) return Fail(Errc::kNotFound, "this name and password do not belong together");
  MW_TRY(transaction.Commit());
  return session;
}

}  // namespace millwright::hub
