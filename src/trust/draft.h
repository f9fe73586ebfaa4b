// The writing side: a document that is being made or changed. Works on the JSON tree itself, so
// fields that other tools put there survive a change made here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "crypto/sign.h"
#include "os/files.h"
#include "trust/json.h"
#include "trust/metadata.h"

namespace millwright::trust {

class Draft {
 public:
  /// Version 1 of a document of this type ("root", "timestamp", "snapshot", "targets"), empty and
  /// unsigned. A root has consistent snapshots and roles without keys.
  [[nodiscard]] static Draft Make(std::string_view type, Seconds64 expires);
  /// A document that exists; what it is named in errors. Not verified.
  [[nodiscard]] static Result<Draft> Read(std::span<const std::byte> bytes, std::string_view name);

  [[nodiscard]] Json& body() { return *document_.Find("signed"); }
  [[nodiscard]] const Json& body() const { return *document_.Find("signed"); }
  [[nodiscard]] int64_t version() const;
  [[nodiscard]] std::string type() const;
  [[nodiscard]] Seconds64 expires() const;
  void SetVersion(int64_t version) { body()["version"] = version; }
  void SetExpires(Seconds64 expires) { body()["expires"] = FormatExpiry(expires); }

  /// Adds this key's signature, in place of one it gave before. Sign last: signatures do not follow
  /// changes.
  [[nodiscard]] Result<void> Sign(const crypto::PrivateKey& key);
  void DropSignatures();
  [[nodiscard]] std::vector<std::string> SignerIds() const;

  [[nodiscard]] os::Bytes Bytes() const;

 private:
  explicit Draft(Json document) : document_(std::move(document)) {}
  Json document_;
};

// -- root ---------------------------------------------------------------------------------------

/// Lets the key sign for a role; gives the key's id. A key that may already is no error.
std::string AddRoleKey(Draft& root, std::string_view role, const crypto::PublicKey& key);
/// kNotFound where the role has no such key. A key that no role uses any more goes altogether.
[[nodiscard]] Result<void> RemoveRoleKey(Draft& root, std::string_view role,
                                         const std::string& key_id);
void SetThreshold(Draft& root, std::string_view role, int64_t threshold);

// -- timestamp and snapshot ---------------------------------------------------------------------

enum class WithDigest : uint8_t { kNo, kYes };
/// Names a version of a file ("snapshot.json", "targets.json"), with its length and SHA-256 or not.
void SetMeta(Draft& draft, const std::string& file, int64_t version,
             std::span<const std::byte> bytes, WithDigest digest = WithDigest::kYes);
/// Ours, in a timestamp: when it was signed.
void SetIssued(Draft& timestamp, Seconds64 issued);

// -- targets ------------------------------------------------------------------------------------

void SetTarget(Draft& targets, const std::string& path, std::span<const std::byte> bytes,
               const std::optional<Release>& release = {});
/// kNotFound where the document names no such target.
[[nodiscard]] Result<void> RemoveTarget(Draft& targets, const std::string& path);
/// Ours: nothing below this release of the line is installed any more.
void SetFloor(Draft& targets, const std::string& line, int64_t release);

/// Delegates paths to a role of other keys, after the delegations that are there.
void AddDelegation(Draft& targets, const std::string& role, std::span<const crypto::PublicKey> keys,
                   int64_t threshold, const std::vector<std::string>& paths, bool terminating);

}  // namespace millwright::trust
