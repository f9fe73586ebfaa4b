// What is trusted right now: a state machine that takes documents in the order of TUF's client
// workflow (specification, section 5) and refuses whatever does not follow from what it has.
//
//     state       takes       and checks                                            then
//     root        root        next version; threshold of old root and of itself     root
//                 timestamp   root not expired; threshold; no older version         timestamp
//     timestamp   timestamp   the same, against the one held                        timestamp
//                 snapshot    digest and length in timestamp; threshold; no role    snapshot
//                             gone or older than in the one held
//     snapshot    snapshot    the same, against the one held                        snapshot
//                 targets     version, digest and length in snapshot; threshold     targets
//                             of the delegator; not expired
//     targets     targets     the same                                              targets
//
// A timestamp or snapshot that is expired (or a snapshot of another version than the timestamp
// says) is kept to compare its successor with, and reported: nothing may be built on it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "trust/metadata.h"

namespace millwright::trust {

class TrustedSet {
 public:
  enum class State : uint8_t { kRoot, kTimestamp, kSnapshot, kTargets };
  enum class Taken : uint8_t { kNew, kSameVersion };
  /// kCached documents were verified when they were stored: a snapshot among them need no longer
  /// have the digest that a newer timestamp names.
  enum class Origin : uint8_t { kRemote, kCached };

  /// `root` is trusted as it is, if it is signed by itself. Expiry of everything is judged at
  /// `now`, whatever time passes meanwhile.
  [[nodiscard]] static Result<TrustedSet> Start(std::span<const std::byte> root, Seconds64 now);

  // kInvalid: malformed, not signed, not what was announced. kConflict: an older version than one
  // seen before (rollback). kUnavailable: expired (freeze). kInternal: called out of order.
  [[nodiscard]] Result<void> UpdateRoot(std::span<const std::byte> bytes);
  [[nodiscard]] Result<Taken> UpdateTimestamp(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> UpdateSnapshot(std::span<const std::byte> bytes, Origin origin);
  /// `delegator` is one that this function gave before, or nullptr (root) for the top-level
  /// targets. What is given lives as long as the set.
  [[nodiscard]] Result<const Targets*> UpdateTargets(std::span<const std::byte> bytes,
                                                     const std::string& role,
                                                     const Targets* delegator);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Seconds64 now() const { return now_; }
  [[nodiscard]] const Root& root() const { return root_; }
  [[nodiscard]] const Timestamp& timestamp() const { return *timestamp_; }
  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }
  /// nullptr where the role was not yet verified for this delegator: one role may be delegated to
  /// by several, each with its own keys.
  [[nodiscard]] const Targets* FindTargets(const std::string& role, const Targets* delegator) const;

 private:
  TrustedSet(Root root, Seconds64 now) : root_(std::move(root)), now_(now) {}
  [[nodiscard]] Result<void> CheckNotExpired(const Head& head, std::string_view role) const;
  [[nodiscard]] Result<void> CheckFinalSnapshot() const;
  [[nodiscard]] Result<void> CheckNothingRolledBack(const Snapshot& next) const;
  [[nodiscard]] Result<void> CheckDelegated(const Signed<Targets>& next, const std::string& role,
                                            const Targets* delegator) const;

  State state_ = State::kRoot;
  Root root_;
  Seconds64 now_;
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  // By role and the one that delegated to it: what one delegator vouches for says nothing about
  // another's.
  std::map<std::pair<std::string, const Targets*>, Targets> targets_;
};

}  // namespace millwright::trust
