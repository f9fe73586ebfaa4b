#include "trust/trusted_set.h"

#include <algorithm>

namespace millwright::trust {
namespace {

auto FailVersion(std::string_view role, int64_t got, int64_t least) {
  return Fail(Errc::kConflict, "trust: " + std::string(role) + ": version " + std::to_string(got) +
                                   " was offered after " + std::to_string(least));
}

auto FailOrder(std::string_view what) {
  return Fail(Errc::kInternal, "trust: " + std::string(what) + " out of order");
}

template <typename T>
Result<void> CheckSigned(const Root& root, std::string_view role, const Signed<T>& document) {
  return CheckSignatures(role, root.keys, root.roles.find(role)->second, document.canonical,
                         document.signatures);
}

}  // namespace

Result<TrustedSet> TrustedSet::Start(std::span<const std::byte> bytes, Seconds64 now) {
  MW_TRY(Signed<Root> root, ReadRoot(bytes));
  MW_TRY(CheckSigned(root.body, kRootRole, root));
  return TrustedSet(std::move(root.body), now);
}

Result<void> TrustedSet::CheckNotExpired(const Head& head, std::string_view role) const {
  if (now_ < head.expires) return {};
  return Fail(Errc::kUnavailable, "trust: " + std::string(role) + ": version " +
                                      std::to_string(head.version) + " expired at " +
                                      FormatExpiry(head.expires) + ", it is " + FormatExpiry(now_));
}

Result<void> TrustedSet::UpdateRoot(std::span<const std::byte> bytes) {
  if (state_ != State::kRoot) return FailOrder("root");
  MW_TRY(Signed<Root> next, ReadRoot(bytes));
  MW_TRY(CheckSigned(root_, kRootRole, next));
  if (next.body.head.version != root_.head.version + 1)
    return FailVersion(kRootRole, next.body.head.version, root_.head.version);
  MW_TRY(CheckSigned(next.body, kRootRole, next));
  root_ = std::move(next.body);
  return {};
}

Result<TrustedSet::Taken> TrustedSet::UpdateTimestamp(std::span<const std::byte> bytes) {
  if (state_ > State::kTimestamp) return FailOrder("timestamp");
  // Intermediate roots may be expired, the newest not.
  MW_TRY(CheckNotExpired(root_.head, kRootRole));
  MW_TRY(Signed<Timestamp> next, ReadTimestamp(bytes));
  MW_TRY(CheckSigned(root_, kTimestampRole, next));
  if (timestamp_) {
    const int64_t held = timestamp_->head.version;
    if (next.body.head.version < held)
      return FailVersion(kTimestampRole, next.body.head.version, held);
    if (next.body.head.version == held) {
      MW_TRY(CheckNotExpired(timestamp_->head, kTimestampRole));
      return Taken::kSameVersion;
    }
    if (next.body.snapshot.version < timestamp_->snapshot.version)
      return FailVersion(kSnapshotRole, next.body.snapshot.version, timestamp_->snapshot.version);
  }
  timestamp_ = std::move(next.body);
  state_ = State::kTimestamp;
  // The clock of a gateway may lie in the past; what the timestamp role signed about the time of
  // its signature is better knowledge than that.
  if (timestamp_->issued) now_ = std::max(now_, *timestamp_->issued);
  MW_TRY(CheckNotExpired(root_.head, kRootRole));
  MW_TRY(CheckNotExpired(timestamp_->head, kTimestampRole));
  return Taken::kNew;
}

Result<void> TrustedSet::CheckNothingRolledBack(const Snapshot& next) const {
  if (!snapshot_) return {};
  for (const auto& [name, held] : snapshot_->meta) {
    const auto found = next.meta.find(name);
    if (found == next.meta.end())
      return Fail(Errc::kConflict, "trust: snapshot: " + name + " is gone from it");
    if (found->second.version < held.version)
      return FailVersion(name, found->second.version, held.version);
  }
  return {};
}

Result<void> TrustedSet::CheckFinalSnapshot() const {
  MW_TRY(CheckNotExpired(snapshot_->head, kSnapshotRole));
  if (snapshot_->head.version == timestamp_->snapshot.version) return {};
  return Fail(Errc::kInvalid,
              "trust: snapshot: version " + std::to_string(snapshot_->head.version) +
                  " where timestamp says " + std::to_string(timestamp_->snapshot.version));
}

Result<void> TrustedSet::UpdateSnapshot(std::span<const std::byte> bytes, Origin origin) {
  if (state_ != State::kTimestamp && state_ != State::kSnapshot) return FailOrder("snapshot");
  MW_TRY(CheckNotExpired(timestamp_->head, kTimestampRole));
  if (origin == Origin::kRemote) MW_TRY(CheckFile("snapshot", timestamp_->snapshot.facts, bytes));
  MW_TRY(Signed<Snapshot> next, ReadSnapshot(bytes));
  MW_TRY(CheckSigned(root_, kSnapshotRole, next));
  MW_TRY(CheckNothingRolledBack(next.body));
  snapshot_ = std::move(next.body);
  state_ = State::kSnapshot;
  return CheckFinalSnapshot();
}

const Targets* TrustedSet::FindTargets(const std::string& role, const Targets* delegator) const {
  const auto found = targets_.find({role, delegator});
  return found == targets_.end() ? nullptr : &found->second;
}

Result<void> TrustedSet::CheckDelegated(const Signed<Targets>& next, const std::string& role,
                                        const Targets* delegator) const {
  if (delegator == nullptr) {
    if (role != kTargetsRole)
      return Fail(Errc::kInvalid, "trust: " + role + ": not delegated to by root");
    return CheckSigned(root_, kTargetsRole, next);
  }
  const RoleKeys* keys = delegator->KeysOf(role);
  if (keys == nullptr)
    return Fail(Errc::kInvalid, "trust: " + role + ": not delegated to by its delegator");
  return CheckSignatures(role, delegator->delegation_keys, *keys, next.canonical, next.signatures);
}

Result<const Targets*> TrustedSet::UpdateTargets(std::span<const std::byte> bytes,
                                                 const std::string& role,
                                                 const Targets* delegator) {
  if (state_ < State::kSnapshot) return FailOrder(role);
  MW_TRY(CheckFinalSnapshot());
  const auto meta = snapshot_->meta.find(role + ".json");
  if (meta == snapshot_->meta.end())
    return Fail(Errc::kInvalid, "trust: " + role + ": the snapshot does not know it");
  MW_TRY(CheckFile(role, meta->second.facts, bytes));
  MW_TRY(Signed<Targets> next, ReadTargets(bytes, role));
  MW_TRY(CheckDelegated(next, role, delegator));
  if (next.body.head.version != meta->second.version) {
    return Fail(Errc::kInvalid,
                "trust: " + role + ": version " + std::to_string(next.body.head.version) +
                    " where the snapshot says " + std::to_string(meta->second.version));
  }
  MW_TRY(CheckNotExpired(next.body.head, role));
  Targets& kept = targets_[{role, delegator}];
  kept = std::move(next.body);
  state_ = State::kTargets;
  return &kept;
}

}  // namespace millwright::trust
