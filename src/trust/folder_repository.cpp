#include "trust/folder_repository.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "crypto/hex.h"
#include "crypto/sha256.h"
#include "trust/names.h"
#include "trust/updater.h"

namespace millwright::trust {
namespace {

// Ever higher, and exact in every JSON reader.
constexpr int64_t kVersionMax = int64_t{1} << 52;
constexpr size_t kDocumentBytesMax = size_t{64} << 20;

std::string IdOf(const crypto::PrivateKey& key) { return KeyId(DescribeKey(key.Public())); }

bool Lists(const RoleKeys& keys, const std::string& id) {
  return std::find(keys.key_ids.begin(), keys.key_ids.end(), id) != keys.key_ids.end();
}

// A folder that is not there has no files.
Result<std::vector<std::string>> NamesIn(os::Files& files, const std::string& folder) {
  auto names = files.List(folder);
  if (!names && names.error().code == Errc::kNotFound) return std::vector<std::string>{};
  return names;
}

Result<std::optional<os::Bytes>> ReadIfThere(os::Files& files, const std::string& path) {
  auto bytes = files.Read(path, kDocumentBytesMax);
  if (bytes) return std::optional(std::move(*bytes));
  if (bytes.error().code == Errc::kNotFound) return std::nullopt;
  return tl::unexpected(bytes.error());
}

}  // namespace

struct FolderRepository::Judge {
  KeyRing keys;
  RoleKeys role;
};

Seconds64 Lifetimes::Of(std::string_view role) const {
  if (role == kRootRole) return root;
  if (role == kSnapshotRole) return snapshot;
  return role == kTimestampRole ? timestamp : targets;
}

std::string FolderRepository::PathOf(const std::string& role, int64_t version) const {
  const std::string prefix = role == kTimestampRole ? "" : std::to_string(version) + ".";
  return folder_ + "/metadata/" + prefix + QuoteName(role) + ".json";
}

std::string FolderRepository::StagedPath(const std::string& role) const {
  return folder_ + "/staged/" + QuoteName(role) + ".json";
}

Result<int64_t> FolderRepository::NewestVersion(const std::string& role) const {
  MW_TRY(const auto names, NamesIn(files_, folder_ + "/metadata"));
  int64_t newest = 0;
  for (const std::string& name : names) {
    const auto split = SplitVersion(name);
    if (split && split->second == QuoteName(role)) newest = std::max(newest, split->first);
  }
  return newest;
}

Result<std::optional<os::Bytes>> FolderRepository::Newest(const std::string& role) const {
  MW_TRY(const int64_t version, NewestVersion(role));
  return ReadIfThere(files_, PathOf(role, version));
}

Result<std::optional<os::Bytes>> FolderRepository::Staged(const std::string& role) const {
  return ReadIfThere(files_, StagedPath(role));
}

Result<Draft> FolderRepository::Edit(const std::string& role) const {
  MW_TRY(const auto staged, Staged(role));
  if (staged) {
    MW_TRY(Draft draft, Draft::Read(*staged, StagedPath(role)));
    draft.DropSignatures();
    return draft;
  }
  MW_TRY(const int64_t version, NewestVersion(role));
  MW_TRY(const os::Bytes bytes, files_.Read(PathOf(role, version), kDocumentBytesMax));
  MW_TRY(Draft draft, Draft::Read(bytes, PathOf(role, version)));
  draft.DropSignatures();
  draft.SetVersion(draft.version() + 1);
  draft.SetExpires(now_ + lifetimes_.Of(role));
  return draft;
}

Result<void> FolderRepository::Stage(const std::string& role, const Draft& draft) {
  MW_TRY(files_.MakeFolders(folder_ + "/staged"));
  return files_.WriteDurably(StagedPath(role), draft.Bytes());
}

Result<void> FolderRepository::PutTarget(const std::string& path,
                                         std::span<const std::byte> bytes) {
  TargetFile target{.path = path, .facts = {}, .release = {}};
  target.facts.hashes["sha256"] = crypto::Sha256Hex(bytes);
  const std::string file = folder_ + "/targets/" + RemotePath(target, true);
  MW_TRY(files_.MakeFolders(os::FolderOf(file)));
  return files_.WriteDurably(file, bytes);
}

Result<std::vector<std::string>> FolderRepository::PublishedTargetsRoles() const {
  MW_TRY(const auto names, NamesIn(files_, folder_ + "/metadata"));
  std::set<std::string> roles;
  for (const std::string& name : names) {
    const auto split = SplitVersion(name);
    if (!split || split->second == kRootRole || split->second == kSnapshotRole) continue;
    roles.insert(UnquoteName(split->second));
  }
  return std::vector<std::string>(roles.begin(), roles.end());
}

Result<std::vector<std::string>> FolderRepository::StagedRoles() const {
  MW_TRY(const auto names, NamesIn(files_, folder_ + "/staged"));
  std::vector<std::string> roles;
  for (const std::string& name : names)
    if (name.ends_with(".json")) roles.push_back(UnquoteName(name.substr(0, name.size() - 5)));
  // Root first, then targets: what comes later is judged by what they say.
  std::stable_sort(roles.begin(), roles.end(), [](const std::string& a, const std::string& b) {
    const auto rank = [](const std::string& r) {
      return r == kRootRole ? 0 : r == kTargetsRole ? 1 : 2;
    };
    return rank(a) < rank(b);
  });
  return roles;
}

// Who must have signed: the root before and the new root itself for a root, the newest published
// root for the top-level roles, the newest published targets for the rest.
Result<std::vector<FolderRepository::Judge>> FolderRepository::JudgesOf(
    const std::string& role, const std::optional<Draft>& draft) const {
  std::vector<Judge> judges;
  MW_TRY(const auto bytes, Newest(std::string(kRootRole)));
  const auto add = [&](const Root& root) {
    const auto found = root.roles.find(role);
    if (found != root.roles.end()) judges.push_back({root.keys, found->second});
  };
  if (bytes) {
    MW_TRY(const Signed<Root> root, ReadRoot(*bytes));
    add(root.body);
  }
  if (role == kRootRole && draft) {
    MW_TRY(const Signed<Root> root, ReadRoot(draft->Bytes()));
    add(root.body);
  }
  if (IsTopLevel(role)) return judges;
  MW_TRY(const auto parent, Newest(std::string(kTargetsRole)));
  if (!parent) return judges;
  MW_TRY(const Signed<Targets> targets, ReadTargets(*parent, kTargetsRole));
  if (const RoleKeys* keys = targets.body.KeysOf(role))
    judges.push_back({targets.body.delegation_keys, *keys});
  return judges;
}

Result<void> FolderRepository::SignAndPublish(const std::string& role, Draft draft,
                                              std::span<const crypto::PrivateKey> keys,
                                              std::vector<std::string>& said) {
  const std::string name = role + " " + std::to_string(draft.version());
  MW_TRY(const auto judges, JudgesOf(role, draft));
  for (const crypto::PrivateKey& key : keys) {
    const bool may = std::any_of(judges.begin(), judges.end(),
                                 [&](const Judge& j) { return Lists(j.role, IdOf(key)); });
    if (may) MW_TRY(draft.Sign(key));
  }
  const os::Bytes bytes = draft.Bytes();
  MW_TRY(const Json document, ReadJson(os::AsText(bytes)));
  std::string waits = judges.empty() ? "nobody is trusted with it yet" : "";
  std::vector<Signature> signatures;
  for (const Json& item : *document.Find("signatures")->AsList())
    signatures.push_back({*item.Find("keyid")->AsText(),
                          crypto::FromHex(*item.Find("sig")->AsText()).value_or(os::Bytes{})});
  for (const Judge& judge : judges) {
    const auto checked = CheckSignatures(role, judge.keys, judge.role,
                                         Canonical(*document.Find("signed")), signatures);
    if (!checked) waits = checked.error().what.substr(std::string("trust: ").size());
  }
  if (!waits.empty()) {
    // Those that are made anew each time cannot collect signatures: their keys come together.
    const bool online = role == kSnapshotRole || role == kTimestampRole;
    said.push_back(name + (online ? " is not made: " : " waits in staged: ") + waits);
    return online ? Result<void>{} : Stage(role, draft);
  }
  MW_TRY(files_.MakeFolders(folder_ + "/metadata"));
  MW_TRY(files_.WriteDurably(PathOf(role, draft.version()), bytes));
  said.push_back(name + " is published, good until " + FormatExpiry(draft.expires()));
  return files_.Remove(StagedPath(role));
}

Result<void> FolderRepository::SettleStaged(const std::string& role,
                                            std::span<const crypto::PrivateKey> keys,
                                            std::vector<std::string>& said) {
  MW_TRY(const auto bytes, Staged(role));
  if (!bytes) return {};
  MW_TRY(Draft draft, Draft::Read(*bytes, StagedPath(role)));
  return SignAndPublish(role, std::move(draft), keys, said);
}

Result<int64_t> FolderRepository::LeastOnlineVersion() const {
  const std::string path = folder_ + "/" + std::string(kLeastVersionFile);
  MW_TRY(const auto bytes, ReadIfThere(files_, path));
  if (!bytes) return 0;
  std::string_view text = os::AsText(*bytes);
  if (text.ends_with('\n')) text.remove_suffix(1);
  int64_t least = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), least);
  if (error != std::errc() || end != text.data() + text.size() || least < 0 || least > kVersionMax)
    return Fail(Errc::kInvalid, "trust: " + path + " holds no version");
  return least;
}

// Whether a document that the hub signs is one that a device may have left behind it already.
Result<bool> FolderRepository::TooOld(const os::Bytes& bytes, const std::string& role) const {
  MW_TRY(const int64_t least, LeastOnlineVersion());
  MW_TRY(const Draft draft, Draft::Read(bytes, role));
  return draft.version() < least;
}

// The next version of a document that the hub signs by itself.
Result<Draft> FolderRepository::NextOnline(const std::string& role) const {
  MW_TRY(const auto bytes, Newest(role));
  if (!bytes) return Draft::Make(role, now_ + lifetimes_.Of(role));
  MW_TRY(const int64_t least, LeastOnlineVersion());
  MW_TRY(Draft draft, Draft::Read(*bytes, role));
  draft.DropSignatures();
  draft.SetVersion(std::max(draft.version() + 1, least));
  draft.SetExpires(now_ + lifetimes_.Of(role));
  return draft;
}

// Whether the newest root still trusts the keys that signed it.
Result<bool> FolderRepository::StillSigned(const std::string& role, const os::Bytes& bytes) const {
  MW_TRY(const auto judges, JudgesOf(role, {}));
  MW_TRY(const Draft draft, Draft::Read(bytes, role));
  return std::all_of(judges.begin(), judges.end(), [&](const Judge& judge) {
    const auto ids = draft.SignerIds();
    const auto listed = std::count_if(ids.begin(), ids.end(),
                                      [&](const auto& id) { return Lists(judge.role, id); });
    return listed >= judge.role.threshold;
  });
}

// Targets whose keys were just taken away are worth nothing to a client: their next version is due.
Result<void> FolderRepository::SettleOrphans(std::span<const crypto::PrivateKey> keys,
                                             std::vector<std::string>& said) {
  MW_TRY(const auto roles, PublishedTargetsRoles());
  for (const std::string& role : roles) {
    MW_TRY(const auto held, Newest(role));
    MW_TRY(const auto staged, Staged(role));
    if (!held || staged) continue;
    MW_TRY(const bool sound, StillSigned(role, *held));
    if (sound) continue;
    MW_TRY(Draft next, Edit(role));
    MW_TRY(SignAndPublish(role, std::move(next), keys, said));
  }
  return {};
}

Result<void> FolderRepository::SettleSnapshot(std::span<const crypto::PrivateKey> keys, bool renew,
                                              std::vector<std::string>& said) {
  const std::string role(kSnapshotRole);
  MW_TRY(const auto roles, PublishedTargetsRoles());
  MW_TRY(Draft next, NextOnline(role));
  MW_TRY(const auto held, Newest(role));
  bool changed = renew || !held;
  if (held) {
    MW_TRY(const bool sound, StillSigned(role, *held));
    MW_TRY(const bool too_old, TooOld(*held, role));
    changed = changed || !sound || too_old;
  }
  const Json before = next.body()["meta"];
  for (const std::string& each : roles) {
    MW_TRY(const auto bytes, Newest(each));
    MW_TRY(const int64_t version, NewestVersion(each));
    if (bytes) SetMeta(next, each + ".json", version, *bytes);
  }
  if (roles.empty() || (!changed && before == next.body()["meta"])) return {};
  return SignAndPublish(role, std::move(next), keys, said);
}

Result<void> FolderRepository::SettleTimestamp(std::span<const crypto::PrivateKey> keys, bool renew,
                                               std::vector<std::string>& said) {
  const std::string role(kTimestampRole);
  MW_TRY(const auto snapshot, Newest(std::string(kSnapshotRole)));
  if (!snapshot) return {};
  MW_TRY(Draft next, NextOnline(role));
  MW_TRY(const auto held, Newest(role));
  bool changed = renew || !held;
  if (held) {
    MW_TRY(const bool sound, StillSigned(role, *held));
    MW_TRY(const bool too_old, TooOld(*held, role));
    changed = changed || !sound || too_old;
  }
  MW_TRY(const int64_t version, NewestVersion(std::string(kSnapshotRole)));
  const Json before = next.body()["meta"];
  SetMeta(next, "snapshot.json", version, *snapshot);
  if (!changed && before == next.body()["meta"]) return {};
  SetIssued(next, now_);
  return SignAndPublish(role, std::move(next), keys, said);
}

Result<std::vector<std::string>> FolderRepository::SettleOnline(
    std::span<const crypto::PrivateKey> keys, const std::vector<std::string>& renew) {
  const auto asked = [&](std::string_view role) {
    return std::find(renew.begin(), renew.end(), role) != renew.end();
  };
  std::vector<std::string> said;
  MW_TRY(SettleSnapshot(keys, asked(kSnapshotRole), said));
  MW_TRY(SettleTimestamp(keys, asked(kTimestampRole), said));
  return said;
}

Result<std::vector<std::string>> FolderRepository::Settle(std::span<const crypto::PrivateKey> keys,
                                                          const std::vector<std::string>& renew) {
  const auto asked = [&](std::string_view role) {
    return std::find(renew.begin(), renew.end(), role) != renew.end();
  };
  std::vector<std::string> said;
  MW_TRY(const auto staged, StagedRoles());
  for (const std::string& role : staged) MW_TRY(SettleStaged(role, keys, said));
  MW_TRY(SettleOrphans(keys, said));
  MW_TRY(SettleSnapshot(keys, asked(kSnapshotRole), said));
  MW_TRY(SettleTimestamp(keys, asked(kTimestampRole) || asked(kSnapshotRole), said));
  return said;
}

}  // namespace millwright::trust
