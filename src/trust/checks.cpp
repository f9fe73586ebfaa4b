// What is checked of a document or file once it is read: digests, signatures, delegations.
#include <algorithm>

#include "crypto/hex.h"
#include "crypto/sha256.h"
#include "crypto/sha512.h"
#include "os/files.h"
#include "trust/metadata.h"
#include "trust/names.h"

namespace millwright::trust {
namespace {

std::optional<std::string> Digest(std::string_view algorithm, std::span<const std::byte> bytes) {
  if (algorithm == "sha256") return crypto::Sha256Hex(bytes);
  if (algorithm == "sha512") return crypto::Sha512Hex(bytes);
  return std::nullopt;
}

bool Allows(const Delegation& delegation, std::string_view path, const std::string& path_hash) {
  return std::any_of(delegation.paths.begin(), delegation.paths.end(),
                     [&](const std::string& pattern) { return MatchesPattern(path, pattern); }) ||
         std::any_of(delegation.path_hash_prefixes.begin(), delegation.path_hash_prefixes.end(),
                     [&](const std::string& prefix) { return path_hash.starts_with(prefix); });
}

// Hex digits of the last bin's number: all names are padded to that.
size_t BinDigits(const SuccinctRoles& bins) { return (static_cast<size_t>(bins.bits) + 3) / 4; }

std::string BinName(const SuccinctRoles& bins, const std::string& path_hash) {
  const uint64_t head = std::stoull(path_hash.substr(0, 8), nullptr, 16);
  uint64_t bin = head >> (32 - bins.bits);
  std::string digits(BinDigits(bins), '0');
  for (size_t i = digits.size(); i > 0; --i, bin >>= 4)
    digits[i - 1] = "0123456789abcdef"[bin & 15];
  return bins.name_prefix + "-" + digits;
}

bool IsBin(const SuccinctRoles& bins, std::string_view role) {
  if (!role.starts_with(bins.name_prefix)) return false;
  role.remove_prefix(bins.name_prefix.size());
  if (role.size() != BinDigits(bins) + 1 || role[0] != '-') return false;
  const auto digits = role.substr(1);
  if (!std::all_of(digits.begin(), digits.end(),
                   [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }))
    return false;
  return std::stoull(std::string(digits), nullptr, 16) < uint64_t{1} << bins.bits;
}

}  // namespace

bool IsTopLevel(std::string_view role) {
  return role == kRootRole || role == kTimestampRole || role == kSnapshotRole ||
         role == kTargetsRole;
}

Result<void> CheckFile(const std::string& name, const FileFacts& facts,
                       std::span<const std::byte> bytes) {
  if (facts.length && *facts.length != bytes.size()) {
    return Fail(Errc::kInvalid, "trust: " + name + ": " + std::to_string(bytes.size()) +
                                    " bytes where " + std::to_string(*facts.length) +
                                    " were signed for");
  }
  bool known = facts.hashes.empty();
  for (const auto& [algorithm, want] : facts.hashes) {
    const auto got = Digest(algorithm, bytes);
    known = known || got.has_value();
    if (got && *got != want)
      return Fail(Errc::kInvalid,
                  "trust: " + name + ": its " + algorithm + " is not the one that was signed for");
  }
  if (!known)
    return Fail(Errc::kInvalid, "trust: " + name + ": named by digests unknown to this program");
  return {};
}

const RoleKeys* Targets::KeysOf(std::string_view role) const {
  for (const Delegation& delegation : delegations)
    if (delegation.name == role) return &delegation.keys;
  return succinct && IsBin(*succinct, role) ? &succinct->keys : nullptr;
}

std::vector<Candidate> RolesFor(const Targets& targets, std::string_view path) {
  std::vector<Candidate> candidates;
  const std::string path_hash = crypto::Sha256Hex(path);
  for (const Delegation& delegation : targets.delegations)
    if (Allows(delegation, path, path_hash))
      candidates.push_back({delegation.name, delegation.terminating});
  if (targets.succinct) candidates.push_back({BinName(*targets.succinct, path_hash), true});
  return candidates;
}

Result<void> CheckSignatures(std::string_view what, const KeyRing& keys, const RoleKeys& role,
                             std::string_view canonical, std::span<const Signature> signatures) {
  std::vector<crypto::PublicKey> signers;
  for (const Signature& signature : signatures) {
    const auto& allowed = role.key_ids;
    if (std::find(allowed.begin(), allowed.end(), signature.key_id) == allowed.end()) continue;
    const auto listed = keys.find(signature.key_id);
    if (listed == keys.end()) continue;
    const auto key = listed->second.Open();
    if (!key || !key->Verify(os::AsBytes(canonical), signature.bytes)) continue;
    // A threshold of keys is a threshold of people: one key under two ids is one of them.
    const bool again = std::any_of(signers.begin(), signers.end(),
                                   [&](const auto& signer) { return signer.SameKey(*key); });
    if (!again) signers.push_back(*key);
  }
  if (static_cast<int64_t>(signers.size()) >= role.threshold) return {};
  return Fail(Errc::kInvalid, "trust: " + std::string(what) + ": signed by " +
                                  std::to_string(signers.size()) + " of its keys, needs " +
                                  std::to_string(role.threshold));
}

}  // namespace millwright::trust
