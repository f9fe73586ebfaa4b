#include <algorithm>
#include <set>

#include "crypto/hex.h"
#include "os/files.h"
#include "trust/fields.h"
#include "trust/metadata.h"

namespace millwright::trust {
namespace {

constexpr size_t kSignaturesMax = 256;  // each may cost an RSA operation
constexpr int kBinBitsMax = 32;

Head ReadHead(const Field& body, std::string_view type) {
  Head head;
  if (body["_type"].Text() != type) body["_type"].Note("not \"" + std::string(type) + "\"");
  const std::string spec = body["spec_version"].Text();
  const bool digits = std::all_of(spec.begin(), spec.end(),
                                  [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (!digits || !spec.starts_with("1.")) body["spec_version"].Note("\"" + spec + "\" is not 1.x");
  head.version = body["version"].Integer(1);
  const auto expires = ParseExpiry(body["expires"].Text());
  if (!expires) body["expires"].Note("not a time like 2030-01-02T03:04:05Z");
  head.expires = expires.value_or(0);
  return head;
}

std::vector<Signature> ReadSignatures(const Field& field) {
  std::vector<Signature> signatures;
  std::set<std::string> seen;
  field.Each([&](const Field& item) {
    Signature signature;
    signature.key_id = item["keyid"].Text();
    // What is no hex verifies as little as what is wrong; others may still reach the threshold.
    signature.bytes = crypto::FromHex(item["sig"].Text()).value_or(std::vector<std::byte>{});
    if (!seen.insert(signature.key_id).second) item.Note("a second signature by this key");
    if (signatures.size() >= kSignaturesMax) item.Note("too many signatures");
    signatures.push_back(std::move(signature));
  });
  return signatures;
}

RoleKeys ReadRoleKeys(const Field& field) {
  RoleKeys keys;
  std::set<std::string> seen;
  field["keyids"].Each([&](const Field& item) {
    keys.key_ids.push_back(item.Text());
    if (!seen.insert(keys.key_ids.back()).second) item.Note("the same key id again");
  });
  keys.threshold = field["threshold"].Integer(1);
  return keys;
}

KeyRing ReadKeys(const Field& field) {
  KeyRing keys;
  field.EachMember([&](const std::string& id, const Field& item) {
    Key key;
    key.type = item["keytype"].Text();
    key.scheme = item["scheme"].Text();
    // Keys of kinds that this program does not know may look otherwise; they just never count.
    const Field value = item["keyval"]["public"];
    if (value.Present()) key.public_value = value.Text();
    keys.emplace_hint(keys.end(), id, std::move(key));
  });
  return keys;
}

Hashes ReadHashes(const Field& field) {
  Hashes hashes;
  field.EachMember(
      [&](const std::string& name, const Field& item) { hashes.emplace(name, item.Text()); });
  if (hashes.empty()) field.Note("names no digest");
  return hashes;
}

MetaFile ReadMetaFile(const Field& field) {
  MetaFile file;
  file.version = field["version"].Integer(1);
  if (field["length"].Present())
    file.facts.length = static_cast<uint64_t>(field["length"].Integer(1));
  if (field["hashes"].Present()) file.facts.hashes = ReadHashes(field["hashes"]);
  return file;
}

void ReadRelease(const Field& field, TargetFile& target) {
  Release release{.line = field["line"].Text(), .number = field["release"].Integer(1)};
  // Delegations are by path, so a line that is not the head of the path could claim to be a
  // release of something else.
  if (release.line.empty() || !target.path.starts_with(release.line + "/"))
    field["line"].Note("\"" + release.line + "\" is not the head of the target's path");
  target.release = std::move(release);
}

TargetFile ReadTarget(const std::string& path, const Field& field) {
  TargetFile target{.path = path, .facts = {}, .release = {}};
  target.facts.length = static_cast<uint64_t>(field["length"].Integer(0));
  target.facts.hashes = ReadHashes(field["hashes"]);
  const Field ours = field["custom"]["millwright"];
  if (ours.Present()) ReadRelease(ours, target);
  return target;
}

std::vector<std::string> ReadTexts(const Field& field) {
  std::vector<std::string> texts;
  field.Each([&](const Field& item) { texts.push_back(item.Text()); });
  return texts;
}

Delegation ReadDelegation(const Field& field) {
  Delegation delegation;
  delegation.name = field["name"].Text();
  if (delegation.name.empty() || IsTopLevel(delegation.name))
    field["name"].Note("\"" + delegation.name + "\" cannot be delegated to");
  delegation.keys = ReadRoleKeys(field);
  delegation.terminating = field["terminating"].Bool();
  const bool by_hash = field["path_hash_prefixes"].Present();
  if (by_hash == field["paths"].Present())
    field.Note("needs either paths or path_hash_prefixes");
  else if (by_hash)
    delegation.path_hash_prefixes = ReadTexts(field["path_hash_prefixes"]);
  else
    delegation.paths = ReadTexts(field["paths"]);
  return delegation;
}

SuccinctRoles ReadSuccinct(const Field& field) {
  SuccinctRoles bins;
  bins.keys = ReadRoleKeys(field);
  const int64_t bits = field["bit_length"].Integer(1);
  if (bits > kBinBitsMax) field["bit_length"].Note("more than 32");
  bins.bits = static_cast<int>(std::min<int64_t>(bits, kBinBitsMax));
  bins.name_prefix = field["name_prefix"].Text();
  return bins;
}

void ReadDelegations(const Field& field, Targets& targets) {
  std::set<std::string> seen;
  targets.delegation_keys = ReadKeys(field["keys"]);
  if (field["roles"].Present() == field["succinct_roles"].Present())
    return field.Note("needs either roles or succinct_roles");
  if (field["succinct_roles"].Present()) {
    targets.succinct = ReadSuccinct(field["succinct_roles"]);
    return;
  }
  field["roles"].Each([&](const Field& item) {
    targets.delegations.push_back(ReadDelegation(item));
    if (!seen.insert(targets.delegations.back().name).second) item.Note("a role of a name in use");
  });
}

Root ReadBody(const Field& body, Root root) {
  root.head = ReadHead(body, kRootRole);
  if (body["consistent_snapshot"].Present())
    root.consistent_snapshot = body["consistent_snapshot"].Bool();
  root.keys = ReadKeys(body["keys"]);
  body["roles"].EachMember([&](const std::string& name, const Field& item) {
    root.roles.emplace(name, ReadRoleKeys(item));
  });
  for (const auto role : {kRootRole, kTimestampRole, kSnapshotRole, kTargetsRole})
    if (!root.roles.contains(role)) body["roles"][role].Note("is missing");
  return root;
}

Timestamp ReadBody(const Field& body, Timestamp timestamp) {
  timestamp.head = ReadHead(body, kTimestampRole);
  timestamp.snapshot = ReadMetaFile(body["meta"]["snapshot.json"]);
  const Field issued = body["millwright"]["issued"];
  if (issued.Present()) {
    timestamp.issued = ParseExpiry(issued.Text());
    if (!timestamp.issued) issued.Note("not a time like 2030-01-02T03:04:05Z");
  }
  return timestamp;
}

Snapshot ReadBody(const Field& body, Snapshot snapshot) {
  snapshot.head = ReadHead(body, kSnapshotRole);
  body["meta"].EachMember([&](const std::string& name, const Field& item) {
    snapshot.meta.emplace_hint(snapshot.meta.end(), name, ReadMetaFile(item));
  });
  return snapshot;
}

Targets ReadBody(const Field& body, Targets targets) {
  targets.head = ReadHead(body, kTargetsRole);
  body["targets"].EachMember([&](const std::string& path, const Field& item) {
    targets.targets.emplace_hint(targets.targets.end(), path, ReadTarget(path, item));
  });
  if (body["delegations"].Present()) ReadDelegations(body["delegations"], targets);
  const Field floors = body["millwright"]["floors"];
  if (floors.Present())
    floors.EachMember([&](const std::string& line, const Field& item) {
      targets.floors.emplace(line, item.Integer(1));
    });
  return targets;
}

template <typename T>
Result<Signed<T>> Read(std::span<const std::byte> bytes, std::string_view role) {
  const std::string name(role);
  const auto document = ReadJson(os::AsText(bytes));
  if (!document)
    return Fail(document.error().code, "trust: " + name + ": " + document.error().what);
  std::optional<Error> fault;
  const Field whole(&*document, "trust: " + name + ": metadata", fault);
  const Field body(document->Find("signed"), "trust: " + name + ": signed", fault);
  if (document->Find("signed") == nullptr)
    return Fail(Errc::kInvalid, "trust: " + name + ": no \"signed\"");
  Signed<T> out{.body = ReadBody(body, T{}), .canonical = {}, .signatures = {}};
  out.signatures = ReadSignatures(whole["signatures"]);
  if (fault) return tl::unexpected(*fault);
  out.canonical = Canonical(*document->Find("signed"));
  return out;
}

}  // namespace

Result<Signed<Root>> ReadRoot(std::span<const std::byte> bytes) {
  return Read<Root>(bytes, kRootRole);
}

Result<Signed<Timestamp>> ReadTimestamp(std::span<const std::byte> bytes) {
  return Read<Timestamp>(bytes, kTimestampRole);
}

Result<Signed<Snapshot>> ReadSnapshot(std::span<const std::byte> bytes) {
  return Read<Snapshot>(bytes, kSnapshotRole);
}

Result<Signed<Targets>> ReadTargets(std::span<const std::byte> bytes, std::string_view role) {
  return Read<Targets>(bytes, role);
}

}  // namespace millwright::trust
