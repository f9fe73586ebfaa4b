// Accounts of people: a password, a role for all plants or for single ones, sessions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "hub/identity/access.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

struct Person {
  std::string name, display, created_by;
  SiteRoles roles{};
  Nanos created = 0, disabled = 0;  // 0: not
};
struct NewPerson {
  std::string name;
  std::string display{}, password{};
  SiteRoles roles{};
  std::string who{};
};

/// Wrong tries of one name: ten at once, then one in half a minute. Whoever is logged in already
/// notices nothing. Bounded: the names tried longest ago are forgotten first.
class NameLimit {
 public:
  static constexpr size_t kNamesMax = 1000;
  explicit NameLimit(os::Clock& clock) : clock_(clock) {}
  [[nodiscard]] bool MayTry(const std::string& name);
  void Failed(const std::string& name);
  void Succeeded(const std::string& name) { names_.erase(name); }

 private:
  struct Tries {
    double left = 0;
    Nanos at = 0;
  };
  [[nodiscard]] Tries Now(const std::string& name) const;
  os::Clock& clock_;
  std::map<std::string, Tries> names_;
};

/// Thread-safe. One password is hashed at a time: each takes 64 MiB.
class People {
 public:
  static constexpr size_t kPeopleMax = 10'000;

  /// Owns its connection; borrows the clock.
  People(std::unique_ptr<store::Database> database, os::Clock& clock)
      : database_(std::move(database)), clock_(clock), limit_(clock) {}

  /// kConflict: there is one of that name.
  [[nodiscard]] Result<void> Add(const NewPerson& person);
  [[nodiscard]] Result<void> SetRoles(const std::string& name, const SiteRoles& roles,
                                      const std::string& who);
  /// Ends the person's sessions.
  [[nodiscard]] Result<void> SetPassword(const std::string& name, const std::string& password,
                                         const std::string& who);
  [[nodiscard]] Result<void> SetDisabled(const std::string& name, bool disabled,
                                         const std::string& who);
  [[nodiscard]] Result<std::vector<Person>> List();

  /// A session's secret. kNotFound: no such name, a wrong password, or disabled: which, is not
  /// told. kExhausted: too many wrong tries of this name.
  [[nodiscard]] Result<std::string> OpenSession(const std::string& name, std::string_view password);

 private:
  [[nodiscard]] Result<std::string> Hash(std::string_view password);
  [[nodiscard]] Result<void> WriteRoles(const std::string& name, const SiteRoles& roles)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> MustBe(const std::string& name) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::string> HashOf(const std::string& name) MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  os::Clock& clock_;
  Mutex hashing_;
  NameLimit limit_ MW_GUARDED_BY(hashing_);
};

}  // namespace millwright::hub
