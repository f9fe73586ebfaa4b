// Keeps a repository good by itself: signs timestamp and snapshot anew long before they expire, and
// tells in time what only people can sign (root, targets and delegated roles).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "crypto/sign.h"
#include "os/clock.h"
#include "os/files.h"
#include "trust/folder_repository.h"

namespace millwright::trust {

struct KeeperOptions {
  std::string repository;
  /// Folder of private keys (*.pem, without a passphrase) that root trusts with timestamp and
  /// snapshot; read at each use, so keys can be exchanged. Empty: it watches and signs nothing.
  std::string key_folder;
  /// Held while signing, against `millwright keys` (RepositoryLockPath). Empty: nobody else writes.
  std::string lock_file;
  Lifetimes lifetimes{};
  /// Spreads renewals of many hubs.
  uint32_t seed = 0;
};

/// What every program that changes a repository locks meanwhile.
[[nodiscard]] std::string RepositoryLockPath(const std::string& repository);

struct KeeperStatus {
  std::map<std::string, Seconds64> expires;  // by role, of the newest published
  uint64_t renewals = 0;
  uint64_t failures = 0;
  std::string trouble;  // of the last look; empty: none
};

class Keeper {
 public:
  static constexpr Nanos kLookEvery = 60 * kSecond;
  static constexpr Nanos kRetryMax = 3600 * kSecond;
  /// Ahead of the expiry of what people sign.
  static constexpr Seconds64 kWarnAhead = 30 * Seconds64{86'400};

  /// Borrows files and clock.
  Keeper(os::Files& files, os::Clock& clock, KeeperOptions options)
      : files_(files), clock_(clock), options_(std::move(options)) {}

  /// Does what is due; cheap where nothing is. One thread. Failures are logged and tried again,
  /// later each time.
  void Step();

  /// Any thread.
  [[nodiscard]] KeeperStatus status() const;
  /// What somebody should see to, a line each. Any thread.
  [[nodiscard]] std::vector<std::string> Warnings() const;

 private:
  [[nodiscard]] Result<void> Look(Seconds64 now);
  [[nodiscard]] Result<void> CheckClock(const FolderRepository& repository, Seconds64 now) const;
  [[nodiscard]] Result<void> Sign(FolderRepository& repository, Seconds64 now);
  [[nodiscard]] Result<std::vector<crypto::PrivateKey>> ReadKeys() const;
  [[nodiscard]] bool Due(const std::string& role, Seconds64 expires, Seconds64 now) const;
  void SetExpires(const std::map<std::string, Seconds64>& expires);
  [[nodiscard]] Nanos RetryAfter();

  os::Files& files_;
  os::Clock& clock_;
  const KeeperOptions options_;
  Nanos next_look_ = 0;
  int failed_in_row_ = 0;
  mutable Mutex mutex_;
  KeeperStatus status_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright::trust
