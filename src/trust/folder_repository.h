// A repository in a folder that people and the hub change together: whoever holds a key adds a
// signature, and what has enough of them is published.
//
//     metadata/N.root.json, N.targets.json, N.ROLE.json, N.snapshot.json, timestamp.json published
//     staged/ROLE.json          the next version, waiting for signatures
//     targets/PATH/HASH.NAME    the files
//     least_version             in a folder restored from a backup: devices know versions up to it
//
// Documents are written durably and timestamp.json last: at every instant the folder is a
// repository that a client can follow.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "crypto/sign.h"
#include "os/files.h"
#include "trust/draft.h"
#include "trust/metadata.h"

namespace millwright::trust {

/// How long a new version is good for, by role; delegated roles count as targets. Root and targets
/// are signed by hand, now and then; snapshot and timestamp by the hub, all the time.
struct Lifetimes {
  Seconds64 root = 365 * Seconds64{86'400};
  Seconds64 targets = 180 * Seconds64{86'400};
  Seconds64 snapshot = 30 * Seconds64{86'400};
  Seconds64 timestamp = 7 * Seconds64{86'400};
  [[nodiscard]] Seconds64 Of(std::string_view role) const;
};

/// A number and a newline. Devices refuse documents that are older than what they have seen, and a
/// restored folder does not know what that was: the next snapshot and timestamp, which are due at
/// once, have at least this version. Seconds since 1970 are more than any hub has published.
inline constexpr std::string_view kLeastVersionFile = "least_version";

class FolderRepository {
 public:
  /// Borrows `files`. `now` is what expiry counts from.
  FolderRepository(os::Files& files, std::string folder, Seconds64 now, const Lifetimes& lifetimes)
      : files_(files), folder_(std::move(folder)), now_(now), lifetimes_(lifetimes) {}

  /// The next version of a role, to be changed and staged: the one staged already, or the one after
  /// the newest published. kNotFound where there is neither.
  [[nodiscard]] Result<Draft> Edit(const std::string& role) const;
  [[nodiscard]] Result<void> Stage(const std::string& role, const Draft& draft);

  /// Puts the file of a target where a client will ask for it.
  [[nodiscard]] Result<void> PutTarget(const std::string& path, std::span<const std::byte> bytes);

  /// Signs what is staged with those of `keys` that may, publishes what has enough signatures, and
  /// makes a new snapshot and timestamp where something changed (or where `renew` names them).
  /// Gives a line about each document: what was published, what still waits and for whom. An error
  /// names the file; what was published before it stays.
  [[nodiscard]] Result<std::vector<std::string>> Settle(std::span<const crypto::PrivateKey> keys,
                                                        const std::vector<std::string>& renew = {});

  /// The part of Settle that a hub does alone: a new snapshot and timestamp where something changed
  /// or `renew` names them. Leaves what is staged as it is.
  [[nodiscard]] Result<std::vector<std::string>> SettleOnline(
      std::span<const crypto::PrivateKey> keys, const std::vector<std::string>& renew = {});

  /// The newest published version of a role; nullopt where there is none.
  [[nodiscard]] Result<std::optional<os::Bytes>> Newest(const std::string& role) const;
  [[nodiscard]] Result<std::optional<os::Bytes>> Staged(const std::string& role) const;

 private:
  struct Judge;  // keys and threshold that a document must satisfy
  [[nodiscard]] std::string PathOf(const std::string& role, int64_t version) const;
  [[nodiscard]] std::string StagedPath(const std::string& role) const;
  [[nodiscard]] Result<int64_t> NewestVersion(const std::string& role) const;
  [[nodiscard]] Result<std::vector<std::string>> PublishedTargetsRoles() const;
  [[nodiscard]] Result<std::vector<std::string>> StagedRoles() const;
  [[nodiscard]] Result<std::vector<Judge>> JudgesOf(const std::string& role,
                                                    const std::optional<Draft>& draft) const;
  [[nodiscard]] Result<void> SettleStaged(const std::string& role,
                                          std::span<const crypto::PrivateKey> keys,
                                          std::vector<std::string>& said);
  [[nodiscard]] Result<void> SettleOrphans(std::span<const crypto::PrivateKey> keys,
                                           std::vector<std::string>& said);
  [[nodiscard]] Result<void> SettleSnapshot(std::span<const crypto::PrivateKey> keys, bool renew,
                                            std::vector<std::string>& said);
  [[nodiscard]] Result<void> SettleTimestamp(std::span<const crypto::PrivateKey> keys, bool renew,
                                             std::vector<std::string>& said);
  [[nodiscard]] Result<void> SignAndPublish(const std::string& role, Draft draft,
                                            std::span<const crypto::PrivateKey> keys,
                                            std::vector<std::string>& said);
  [[nodiscard]] Result<int64_t> LeastOnlineVersion() const;
  [[nodiscard]] Result<bool> TooOld(const os::Bytes& bytes, const std::string& role) const;
  [[nodiscard]] Result<Draft> NextOnline(const std::string& role) const;
  [[nodiscard]] Result<bool> StillSigned(const std::string& role, const os::Bytes& bytes) const;

  os::Files& files_;
  std::string folder_;
  Seconds64 now_;
  Lifetimes lifetimes_;
};

}  // namespace millwright::trust
