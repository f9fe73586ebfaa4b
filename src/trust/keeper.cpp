#include "trust/keeper.h"

#include <algorithm>

#include "core/log.h"
#include "os/file_lock.h"

namespace millwright::trust {
namespace {

constexpr size_t kKeyBytesMax = 65'536;
constexpr Nanos kLockWait = 5 * kSecond;
// A clock may be this much behind the one that signed last.
constexpr Seconds64 kClockSlack = 300;
constexpr std::string_view kSuffix = ".json";

using Expiries = std::map<std::string, Seconds64>;

// Root, timestamp, snapshot, and every targets role that the snapshot names.
Result<Expiries> ReadExpiries(const FolderRepository& repository) {
  Expiries expires;
  std::vector<std::string> roles = {std::string(kRootRole), std::string(kTimestampRole),
                                    std::string(kSnapshotRole)};
  MW_TRY(const auto snapshot, repository.Newest(std::string(kSnapshotRole)));
  if (snapshot) {
    MW_TRY(const Signed<Snapshot> read, ReadSnapshot(*snapshot));
    for (const auto& [file, facts] : read.body.meta)
      roles.push_back(file.ends_with(kSuffix) ? file.substr(0, file.size() - kSuffix.size())
                                              : file);
  }
  for (const std::string& role : roles) {
    MW_TRY(const auto bytes, repository.Newest(role));
    if (!bytes) continue;
    MW_TRY(const Draft draft, Draft::Read(*bytes, role));
    expires[role] = draft.expires();
  }
  return expires;
}

// 0 where there is none yet.
Result<int64_t> TimestampVersion(const FolderRepository& repository) {
  MW_TRY(const auto bytes, repository.Newest(std::string(kTimestampRole)));
  if (!bytes) return 0;
  MW_TRY(const Draft draft, Draft::Read(*bytes, kTimestampRole));
  return draft.version();
}

bool IsOnline(std::string_view role) { return role == kSnapshotRole || role == kTimestampRole; }

// Spreads over 0 ..< range what happens for the same reason everywhere.
Seconds64 Spread(uint32_t seed, uint64_t salt, Seconds64 range) {
  uint64_t x = (uint64_t{seed} << 32) ^ (salt * 0x9E3779B97F4A7C15U);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  x ^= x >> 31;
  return range <= 0 ? 0 : static_cast<Seconds64>(x % static_cast<uint64_t>(range));
}

}  // namespace

std::string RepositoryLockPath(const std::string& repository) { return repository + "/.lock"; }

void Keeper::Step() {
  if (clock_.Monotonic() < next_look_) return;
  const auto looked = Look(clock_.Utc() / kSecond);
  if (looked) {
    failed_in_row_ = 0;
    next_look_ = clock_.Monotonic() + kLookEvery;
  } else {
    log::Failure("trust", looked.error(), {{"repository", options_.repository}});
    next_look_ = clock_.Monotonic() + RetryAfter();
  }
  const MutexLock lock(mutex_);
  if (!looked) ++status_.failures;
  status_.trouble = looked ? "" : looked.error().what;
}

// A minute, doubled with each failure up to an hour, and up to a quarter more.
Nanos Keeper::RetryAfter() {
  const int shift = std::min(failed_in_row_++, 6);
  const Nanos wait = std::min(kLookEvery << shift, kRetryMax);
  const auto salt = static_cast<uint64_t>(clock_.Monotonic());
  return wait + Spread(options_.seed, salt, wait / kSecond / 4) * kSecond;
}

Result<void> Keeper::Look(Seconds64 now) {
  FolderRepository repository(files_, options_.repository, now, options_.lifetimes);
  MW_TRY(const Expiries expires, ReadExpiries(repository));
  SetExpires(expires);
  // Nothing to keep before the first root; nothing to do where others sign.
  if (options_.key_folder.empty() || !expires.contains(std::string(kRootRole))) return {};
  MW_TRY(CheckClock(repository, now));
  if (options_.lock_file.empty()) return Sign(repository, now);
  MW_TRY(const auto lock, os::FileLock::Take(options_.lock_file, kLockWait));
  return Sign(repository, now);
}

// Devices whose clocks are behind take the time from our signature: a wrong one must not be signed.
Result<void> Keeper::CheckClock(const FolderRepository& repository, Seconds64 now) const {
  MW_TRY(const auto bytes, repository.Newest(std::string(kRootRole)));
  if (!bytes) return {};
  MW_TRY(const Draft root, Draft::Read(*bytes, "root"));
  if (root.expires() <= now)
    return Fail(Errc::kUnavailable, "trust: root expired on " + FormatExpiry(root.expires()) +
                                        " by this clock: nothing is signed before it is renewed");
  MW_TRY(const auto held, repository.Newest(std::string(kTimestampRole)));
  if (!held) return {};
  MW_TRY(const Signed<Timestamp> timestamp, ReadTimestamp(*held));
  const Seconds64 issued = timestamp.body.issued.value_or(0);
  if (issued <= now + kClockSlack) return {};
  return Fail(Errc::kUnavailable, "trust: the clock is behind the timestamp signed at " +
                                      FormatExpiry(issued) +
                                      ": nothing is signed before it is set");
}

bool Keeper::Due(const std::string& role, Seconds64 expires, Seconds64 now) const {
  const Seconds64 life = options_.lifetimes.Of(role);
  // After a third of its life and a bit, so that days are left to mend what keeps it from us.
  const auto salt = static_cast<uint64_t>(expires);
  return expires - now <= life * 2 / 3 - Spread(options_.seed, salt, life / 12);
}

Result<void> Keeper::Sign(FolderRepository& repository, Seconds64 now) {
  MW_TRY(const auto keys, ReadKeys());
  const auto due = [&](const Expiries& expires) {
    std::vector<std::string> roles;
    for (const auto& [role, until] : expires)
      if (IsOnline(role) && Due(role, until, now)) roles.push_back(role);
    return roles;
  };
  MW_TRY(const Expiries before, ReadExpiries(repository));  // as it is under the lock
  MW_TRY(const int64_t version, TimestampVersion(repository));
  const auto settled = repository.SettleOnline(keys, due(before));
  // Where the second document failed, the first may be there: its expiry is news all the same.
  MW_TRY(const Expiries after, ReadExpiries(repository));
  SetExpires(after);
  if (!settled) return tl::unexpected(settled.error());
  if (settled->empty()) return {};
  // Whatever is published ends in a new timestamp.
  MW_TRY(const int64_t new_version, TimestampVersion(repository));
  std::string said;
  for (const std::string& line : *settled) said += (said.empty() ? "" : "; ") + line;
  if (new_version == version || !due(after).empty())
    return Fail(Errc::kUnavailable, "trust: " + options_.key_folder + ": " + said);
  log::Info("trust", said, {{"repository", options_.repository}});
  const MutexLock lock(mutex_);
  ++status_.renewals;
  return {};
}

Result<std::vector<crypto::PrivateKey>> Keeper::ReadKeys() const {
  MW_TRY(const auto names, files_.List(options_.key_folder));
  std::vector<crypto::PrivateKey> keys;
  for (const std::string& name : names) {
    if (!name.ends_with(".pem")) continue;
    const std::string path = options_.key_folder + "/" + name;
    MW_TRY(const os::Bytes bytes, files_.Read(path, kKeyBytesMax));
    const std::string_view pem = os::AsText(bytes);
    if (pem.find("PRIVATE KEY") == std::string_view::npos) continue;
    auto key = crypto::PrivateKey::FromPem(pem);
    if (!key) return Fail(key.error().code, path + ": " + key.error().what);
    keys.push_back(std::move(*key));
  }
  if (keys.empty())
    return Fail(Errc::kNotFound, "trust: " + options_.key_folder + ": no private key (*.pem)");
  return keys;
}

void Keeper::SetExpires(const std::map<std::string, Seconds64>& expires) {
  const MutexLock lock(mutex_);
  status_.expires = expires;
}

KeeperStatus Keeper::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

std::vector<std::string> Keeper::Warnings() const {
  const KeeperStatus now_known = status();
  const Seconds64 now = clock_.Utc() / kSecond;
  std::vector<std::string> lines;
  for (const auto& [role, expires] : now_known.expires) {
    // Renewal begins well above half of the life.
    const Seconds64 ahead = IsOnline(role) ? options_.lifetimes.Of(role) / 2 : kWarnAhead;
    if (expires - now > ahead) continue;
    lines.push_back(role + (expires <= now ? " expired on " : " expires on ") +
                    FormatExpiry(expires) + ": without it gateways take no new models");
  }
  if (!now_known.trouble.empty()) lines.push_back(now_known.trouble);
  return lines;
}

}  // namespace millwright::trust
