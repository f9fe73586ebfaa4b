#include "hub/identity/access.h"

#include <algorithm>

#include "core/ids.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

constexpr size_t kAccessSecretBytes = 24;
// A secret in a log or a repository should be recognised for what it is.
constexpr std::string_view kAccessTokenHead = "mwa1.";
constexpr std::string_view kSessionHead = "mws1.";

constexpr std::string_view kRoles[] = {"viewer", "operator", "admin"};

}  // namespace

std::string_view Name(Role role) { return kRoles[static_cast<size_t>(role)]; }

std::optional<Role> RoleOf(std::string_view name) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin})
    if (Name(role) == name) return role;
  return std::nullopt;
}

std::string NewSessionSecret() {
  return std::string(kSessionHead) + crypto::RandomHex(kAccessSecretBytes);
}

bool Caller::MayAt(std::string_view site, Role needed) const {
  if (sites.empty()) return role >= needed;
  auto at = sites.find(site);
  if (at == sites.end()) at = sites.find(kAllSites);
  return at != sites.end() && at->second >= needed;
}

Result<MadeToken> Access::Add(const NewToken& token) {
  MW_TRY(CheckIdText("name", token.name));
  if (token.life < 0) return Fail(Errc::kInvalid, "access: a token's life cannot be negative");
  const MadeToken made{
      .id = crypto::RandomHex(4),
      .secret = std::string(kAccessTokenHead) + crypto::RandomHex(kAccessSecretBytes)};
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(database_->Run(
      "INSERT INTO access_tokens (id, hash, name, role, created_ns, created_by, expires_ns) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {made.id, crypto::Sha256Hex(made.secret), token.name, Name(token.role), now, token.who,
       token.life == 0 ? store::Value(nullptr) : store::Value(now + token.life)}));
  MW_TRY(Note(token.who, "access token added", made.id,
              token.name + ", " + std::string(Name(token.role))));
  MW_TRY(transaction.Commit());
  return made;
}

Result<void> Access::Revoke(std::string_view id, std::string_view who) {
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(const int64_t changed,
         database_->Run(
             "UPDATE access_tokens SET revoked_ns = $1 WHERE id = $2 AND revoked_ns IS NULL",
             {clock_.Utc(), id}));
  if (changed == 0) return Fail(Errc::kNotFound, "access: there is no token " + std::string(id));
  MW_TRY(database_->Run("DELETE FROM sessions WHERE token_id = $1", {id}));
  MW_TRY(Note(who, "access token revoked", id, ""));
  return transaction.Commit();
}

Result<std::vector<AccessToken>> Access::List() {
  const MutexLock lock(mutex_);
  std::vector<AccessToken> out;
  MW_TRY(database_->Each(
      "SELECT id, name, role, created_ns, created_by, expires_ns, revoked_ns FROM access_tokens "
      "ORDER BY created_ns, id LIMIT 10000",
      {}, [&](const store::Row& row) {
        out.push_back({.id = std::string(row.Text(0)),
                       .name = std::string(row.Text(1)),
                       .created_by = std::string(row.Text(4)),
                       .role = RoleOf(row.Text(2)).value_or(Role::kViewer),
                       .created = row.Int(3),
                       .expires = row.Int(5),
                       .revoked = row.Int(6)});
      }));
  return out;
}

// Found by the digest of the secret: comparing takes the same time whatever was sent.
Result<std::optional<Caller>> Access::Ask(std::string_view sql, std::string_view hash) {
  std::optional<Caller> caller;
  const Nanos now = clock_.Utc();
  MW_TRY(database_->First(sql, {hash, now}, [&](const store::Row& row) {
    caller = Caller{.name = std::string(row.Text(0)),
                    .role = RoleOf(row.Text(1)).value_or(Role::kViewer)};
  }));
  return caller;
}

Result<std::optional<Caller>> Access::WhoHas(std::string_view secret) {
  if (!secret.starts_with(kAccessTokenHead)) return std::optional<Caller>();
  const MutexLock lock(mutex_);
  return Ask(
      "SELECT name, role FROM access_tokens WHERE hash = $1 AND revoked_ns IS NULL AND "
      "(expires_ns IS NULL OR expires_ns > $2)",
      crypto::Sha256Hex(secret));
}

Result<std::optional<Caller>> Access::WhoseSession(std::string_view secret) {
  if (!secret.starts_with(kSessionHead)) return std::optional<Caller>();
  const MutexLock lock(mutex_);
  MW_TRY(auto person, AskForPerson(crypto::Sha256Hex(secret)));
  if (person) return person;
  return Ask(
      "SELECT t.name, t.role FROM sessions s JOIN access_tokens t ON t.id = s.token_id "
      "WHERE s.hash = $1 AND s.expires_ns > $2 AND t.revoked_ns IS NULL AND "
      "(t.expires_ns IS NULL OR t.expires_ns > $2)",
      crypto::Sha256Hex(secret));
}

Result<std::optional<Caller>> Access::AskForPerson(std::string_view hash) {
  std::optional<Caller> caller;
  MW_TRY(database_->Each(
      "SELECT p.name, r.site, r.role FROM sessions s JOIN people p ON p.name = s.person JOIN "
      "people_roles r ON r.person = p.name WHERE s.hash = $1 AND s.expires_ns > $2 AND "
      "p.disabled_ns IS NULL",
      {hash, clock_.Utc()}, [&](const store::Row& row) {
        if (!caller) caller = Caller{.name = std::string(row.Text(0)), .is_person = true};
        const Role role = RoleOf(row.Text(2)).value_or(Role::kViewer);
        caller->role = std::max(caller->role, role);
        caller->sites.emplace(row.Text(1), role);
      }));
  return caller;
}

Result<std::string> Access::OpenSession(std::string_view token_secret) {
  MW_TRY(const auto caller, WhoHas(token_secret));
  if (!caller) return Fail(Errc::kNotFound, "access: that token is none, or no longer one");
  const std::string session = NewSessionSecret();
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(database_->Run("DELETE FROM sessions WHERE expires_ns <= $1", {now}));
  MW_TRY(
      const int64_t opened,
      database_->Run(
          "INSERT INTO sessions (hash, expires_ns, token_id) SELECT $1, $2, id FROM "
          "access_tokens WHERE hash = $3 AND revoked_ns IS NULL AND (expires_ns IS NULL OR "
          "expires_ns > $4)",
          {crypto::Sha256Hex(session), now + kSessionLife, crypto::Sha256Hex(token_secret), now}));
  if (opened == 0) return Fail(Errc::kNotFound, "access: that token is none, or no longer one");
  MW_TRY(transaction.Commit());
  return session;
}

Result<void> Access::CloseSession(std::string_view secret) {
  const MutexLock lock(mutex_);
  MW_TRY(database_->Run("DELETE FROM sessions WHERE hash = $1", {crypto::Sha256Hex(secret)}));
  return {};
}

Result<void> Access::Note(std::string_view who, std::string_view what, std::string_view subject,
                          std::string_view detail) {
  return store::WriteAudit(*database_, clock_.Utc(),
                           {.who = who, .what = what, .subject = subject, .detail = detail});
}

}  // namespace millwright::hub
