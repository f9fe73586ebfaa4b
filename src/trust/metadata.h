// TUF metadata (specification 1.0): the four kinds of signed documents, read once and strictly.
// What is read here is well-formed but not yet trusted: signatures, versions and expiry are
// TrustedSet's. Unknown fields are allowed and covered by the signatures.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "trust/json.h"
#include "trust/key.h"

namespace millwright::trust {

inline constexpr std::string_view kRootRole = "root";
inline constexpr std::string_view kTimestampRole = "timestamp";
inline constexpr std::string_view kSnapshotRole = "snapshot";
inline constexpr std::string_view kTargetsRole = "targets";

[[nodiscard]] bool IsTopLevel(std::string_view role);

/// Seconds since 1970, UTC. Metadata knows whole seconds, and years beyond what nanoseconds hold.
using Seconds64 = int64_t;
/// "2026-11-22T10:00:00Z" and nothing else.
[[nodiscard]] std::optional<Seconds64> ParseExpiry(std::string_view text);
[[nodiscard]] std::string FormatExpiry(Seconds64 utc);

/// Which keys may sign for a role, and how many different ones must.
struct RoleKeys {
  std::vector<std::string> key_ids;
  int64_t threshold = 1;
};

struct Signature {
  std::string key_id;
  std::vector<std::byte> bytes;  // empty where it was no hex
};

/// Digests by the name of their algorithm, as the metadata gives them.
using Hashes = std::map<std::string, std::string>;

/// Length and digests of a file, as far as they are known.
struct FileFacts {
  std::optional<uint64_t> length;
  Hashes hashes;
};

/// kInvalid where length or a digest differs, or where digests are given and none of them is one
/// that this program knows (SHA-256, SHA-512).
[[nodiscard]] Result<void> CheckFile(const std::string& name, const FileFacts& facts,
                                     std::span<const std::byte> bytes);

struct MetaFile {
  int64_t version = 0;
  FileFacts facts;
};

struct Head {
  int64_t version = 0;
  Seconds64 expires = 0;
};

struct Root {
  Head head;
  bool consistent_snapshot = false;
  KeyRing keys;
  std::map<std::string, RoleKeys, std::less<>> roles;  // the four top-level ones at least
};

struct Timestamp {
  Head head;
  MetaFile snapshot;
  std::optional<Seconds64> issued;  // ours: when it was signed
};

struct Snapshot {
  Head head;
  std::map<std::string, MetaFile, std::less<>> meta;  // by file name, "targets.json"
};

/// Ours, in a target's "custom": the line of releases that it belongs to, and its place there.
struct Release {
  std::string line;
  int64_t number = 0;
};

struct TargetFile {
  std::string path;
  FileFacts facts;  // length and at least one digest
  std::optional<Release> release;
};

struct Delegation {
  std::string name;
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;               // patterns
  std::vector<std::string> path_hash_prefixes;  // or hex prefixes of SHA-256 of the path
};

/// Hash bins (TAP 15): 2^bits roles share one set of keys.
struct SuccinctRoles {
  RoleKeys keys;
  int bits = 0;
  std::string name_prefix;
};

struct Targets {
  Head head;
  std::map<std::string, TargetFile, std::less<>> targets;
  KeyRing delegation_keys;
  std::vector<Delegation> delegations;  // in order of trust
  std::optional<SuccinctRoles> succinct;
  std::map<std::string, int64_t, std::less<>> floors;  // ours: least release by line

  /// What the delegation (or the bin of that name) allows; nullptr where there is none.
  [[nodiscard]] const RoleKeys* KeysOf(std::string_view role) const;
};

/// Delegated roles that may speak of `path`, in order, with "terminating".
struct Candidate {
  std::string role;
  bool terminating = false;
};
[[nodiscard]] std::vector<Candidate> RolesFor(const Targets& targets, std::string_view path);

template <typename T>
struct Signed {
  T body;
  std::string canonical;  // what the signatures are over
  std::vector<Signature> signatures;
};

/// kInvalid names the field: "root: signed.roles.snapshot.threshold: ...". `role` is what messages
/// call the document (targets roles have many names).
[[nodiscard]] Result<Signed<Root>> ReadRoot(std::span<const std::byte> bytes);
[[nodiscard]] Result<Signed<Timestamp>> ReadTimestamp(std::span<const std::byte> bytes);
[[nodiscard]] Result<Signed<Snapshot>> ReadSnapshot(std::span<const std::byte> bytes);
[[nodiscard]] Result<Signed<Targets>> ReadTargets(std::span<const std::byte> bytes,
                                                  std::string_view role);

/// kInvalid where fewer than the threshold of different keys have signed. Two ids of one key count
/// once; keys of unknown kind and signatures by others count nothing.
[[nodiscard]] Result<void> CheckSignatures(std::string_view what, const KeyRing& keys,
                                           const RoleKeys& role, std::string_view canonical,
                                           std::span<const Signature> signatures);

}  // namespace millwright::trust
