// Keys as TUF metadata writes them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "crypto/sign.h"
#include "trust/json.h"

namespace millwright::trust {

/// A key that metadata names. It is opened when a signature of it is looked at, so a document may
/// hold thousands, and keys of kinds this program does not know.
struct Key {
  std::string type;          // "ed25519", "ecdsa", "rsa"
  std::string scheme;        // crypto::Name
  std::string public_value;  // hex for Ed25519, PEM otherwise

  /// kUnsupported where type and scheme are none of ours, kInvalid where the value is no such key.
  [[nodiscard]] Result<crypto::PublicKey> Open() const;
};

using KeyRing = std::map<std::string, Key, std::less<>>;  // by key id

[[nodiscard]] Key DescribeKey(const crypto::PublicKey& key);
[[nodiscard]] Json KeyJson(const Key& key);
/// SHA-256 of the key's canonical JSON, as python-tuf and go-tuf name keys.
[[nodiscard]] std::string KeyId(const Key& key);

}  // namespace millwright::trust
