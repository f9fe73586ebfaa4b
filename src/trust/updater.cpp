#include "trust/updater.h"

#include <algorithm>
#include <set>

#include "trust/names.h"

namespace millwright::trust {

Result<Updater> Updater::Open(Fetcher& fetcher, MetadataStore& store, const os::Clock& clock,
                              const UpdateLimits& limits) {
  MW_TRY(const os::Bytes root, store.Load(std::string(kRootRole)));
  MW_TRY(TrustedSet set, TrustedSet::Start(root, clock.Utc() / kSecond));
  return Updater(fetcher, store, std::move(set), limits);
}

Result<void> Updater::Trust(MetadataStore& store, std::span<const std::byte> root) {
  MW_TRY(TrustedSet::Start(root, 0));
  const auto held = store.Load(std::string(kRootRole));
  if (held && std::equal(held->begin(), held->end(), root.begin(), root.end())) return {};
  if (held || held.error().code != Errc::kNotFound)
    return Fail(Errc::kConflict, "trust: root: another one is trusted already");
  return store.Save(std::string(kRootRole), root);
}

Result<void> Updater::Refresh() {
  MW_TRY(RefreshRoot());
  MW_TRY(RefreshTimestamp());
  MW_TRY(RefreshSnapshot());
  MW_TRY(LoadTargets(std::string(kTargetsRole), nullptr));
  return {};
}

// From the root held to the newest, one version after the other: each is signed by the keys of the
// one before, so a device that slept through ten rotations still follows.
Result<void> Updater::RefreshRoot() {
  const std::string role(kRootRole);
  for (int i = 0; i < limits_.root_versions; ++i) {
    const std::string name = std::to_string(set_.root().head.version + 1) + ".root.json";
    const auto bytes = fetcher_.Metadata(name, limits_.root_bytes);
    if (!bytes && bytes.error().code == Errc::kNotFound) return {};
    if (!bytes) return tl::unexpected(bytes.error());
    MW_TRY(set_.UpdateRoot(*bytes));
    MW_TRY(store_.Save(role, *bytes));
  }
  return {};
}

Result<void> Updater::RefreshTimestamp() {
  const std::string role(kTimestampRole);
  // The stored one guards against older ones. It may be expired, or signed by keys that the root
  // no longer names: then it counts nothing, which is how a repository recovers from versions that
  // somebody drove sky-high.
  if (const auto stored = store_.Load(role)) (void)set_.UpdateTimestamp(*stored);
  MW_TRY(const os::Bytes bytes, fetcher_.Metadata(role + ".json", limits_.timestamp_bytes));
  MW_TRY(const TrustedSet::Taken taken, set_.UpdateTimestamp(bytes));
  if (taken == TrustedSet::Taken::kSameVersion) return {};
  return store_.Save(role, bytes);
}

Result<os::Bytes> Updater::FetchVersion(const std::string& role, const MetaFile& meta,
                                        size_t limit_bytes) {
  std::string name = QuoteName(role) + ".json";
  if (set_.root().consistent_snapshot) name.insert(0, std::to_string(meta.version) + ".");
  const uint64_t limit = std::min<uint64_t>(meta.facts.length.value_or(limit_bytes), limit_bytes);
  return fetcher_.Metadata(name, limit);
}

Result<void> Updater::RefreshSnapshot() {
  const std::string role(kSnapshotRole);
  const auto stored = store_.Load(role);
  if (stored && set_.UpdateSnapshot(*stored, TrustedSet::Origin::kCached)) return {};
  MW_TRY(const os::Bytes bytes,
         FetchVersion(role, set_.timestamp().snapshot, limits_.snapshot_bytes));
  MW_TRY(set_.UpdateSnapshot(bytes, TrustedSet::Origin::kRemote));
  return store_.Save(role, bytes);
}

Result<const Targets*> Updater::LoadTargets(const std::string& role, const Targets* delegator) {
  if (const Targets* held = set_.FindTargets(role, delegator)) return held;
  if (const auto stored = store_.Load(role)) {
    if (const auto taken = set_.UpdateTargets(*stored, role, delegator)) return *taken;
  }
  const auto meta = set_.snapshot().meta.find(role + ".json");
  if (meta == set_.snapshot().meta.end())
    return Fail(Errc::kInvalid, "trust: " + role + ": the snapshot does not know it");
  MW_TRY(const os::Bytes bytes, FetchVersion(role, meta->second, limits_.targets_bytes));
  MW_TRY(const Targets* taken, set_.UpdateTargets(bytes, role, delegator));
  MW_TRY(store_.Save(role, bytes));
  return taken;
}

Result<TargetFile> Updater::Find(const std::string& path) {
  if (set_.state() != TrustedSet::State::kTargets) MW_TRY(Refresh());
  struct Visit {
    std::string role;
    const Targets* delegator;
  };
  std::vector<Visit> waiting = {{std::string(kTargetsRole), nullptr}};  // the next one is the last
  std::set<std::string> visited;
  while (!waiting.empty()) {
    const Visit next = std::move(waiting.back());
    waiting.pop_back();
    if (!visited.insert(next.role).second) continue;  // delegations may go in circles
    if (visited.size() > limits_.roles_visited + 1)
      return Fail(Errc::kExhausted, "trust: \"" + path + "\": not found within " +
                                        std::to_string(limits_.roles_visited) + " delegations");
    MW_TRY(const Targets* targets, LoadTargets(next.role, next.delegator));
    const auto found = targets->targets.find(path);
    if (found != targets->targets.end()) return found->second;
    std::vector<Visit> children;
    for (const Candidate& candidate : RolesFor(*targets, path)) {
      children.push_back({candidate.role, targets});
      if (!candidate.terminating) continue;
      waiting.clear();
      break;
    }
    waiting.insert(waiting.end(), children.rbegin(), children.rend());
  }
  return Fail(Errc::kNotFound, "trust: \"" + path + "\": no role vouches for it");
}

std::string RemotePath(const TargetFile& target, bool consistent_snapshot) {
  if (!consistent_snapshot) return target.path;
  auto hash = target.facts.hashes.find("sha256");
  if (hash == target.facts.hashes.end()) hash = target.facts.hashes.begin();
  const size_t slash = target.path.rfind('/');
  std::string path = target.path;
  path.insert(slash == std::string::npos ? 0 : slash + 1, hash->second + ".");
  return path;
}

Result<os::Bytes> Updater::Download(const TargetFile& target) {
  const uint64_t length = target.facts.length.value_or(0);
  if (length > limits_.target_bytes)
    return Fail(Errc::kExhausted, "trust: " + target.path + ": " + std::to_string(length) +
                                      " bytes, at most " + std::to_string(limits_.target_bytes) +
                                      " are taken");
  MW_TRY(os::Bytes bytes,
         fetcher_.Target(RemotePath(target, set_.root().consistent_snapshot), length));
  MW_TRY(CheckFile(target.path, target.facts, bytes));
  return bytes;
}

Result<Installable> Updater::Verify(const TargetFile& target, std::span<const std::byte> bytes,
                                    Floors& floors) {
  const Targets* top = set_.FindTargets(std::string(kTargetsRole), nullptr);
  if (top == nullptr)
    return Fail(Errc::kUnavailable, "trust: " + target.path + ": no fresh metadata to judge it by");
  return CheckInstallable(target, bytes, *top, floors);
}

}  // namespace millwright::trust
