#include "trust/key.h"

#include "crypto/hex.h"
#include "crypto/sha256.h"

namespace millwright::trust {
namespace {

struct Row {
  std::string_view type;
  std::string_view scheme;
};

// Types that go with a scheme. Early metadata calls an ECDSA key by its scheme.
constexpr Row kRows[] = {
    {"ed25519", "ed25519"},
    {"ecdsa", "ecdsa-sha2-nistp256"},
    {"ecdsa", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
    {"rsa", "rsassa-pss-sha256"},
    {"rsa", "rsa-pkcs1v15-sha256"},
};

bool GoTogether(const Key& key) {
  for (const Row& row : kRows)
    if (row.type == key.type && row.scheme == key.scheme) return true;
  return false;
}

}  // namespace

Result<crypto::PublicKey> Key::Open() const {
  const auto known = crypto::SchemeOf(scheme);
  if (!known || !GoTogether(*this))
    return Fail(Errc::kUnsupported, "key: type " + type + " with scheme " + scheme);
  if (*known != crypto::Scheme::kEd25519) return crypto::PublicKey::FromPem(public_value, *known);
  const auto raw = crypto::FromHex(public_value);
  if (!raw) return Fail(Errc::kInvalid, "key: an Ed25519 key is given in hex");
  return crypto::PublicKey::FromEd25519(*raw);
}

Key DescribeKey(const crypto::PublicKey& key) {
  const std::string scheme(crypto::Name(key.scheme()));
  if (key.scheme() == crypto::Scheme::kEd25519)
    return {.type = "ed25519", .scheme = scheme, .public_value = crypto::ToHex(key.Raw())};
  return {.type = scheme.starts_with("ecdsa") ? "ecdsa" : "rsa",
          .scheme = scheme,
          .public_value = key.Pem()};
}

Json KeyJson(const Key& key) {
  Json json = Json::EmptyObject();
  json["keytype"] = key.type;
  json["scheme"] = key.scheme;
  json["keyval"]["public"] = key.public_value;
  return json;
}

std::string KeyId(const Key& key) { return crypto::Sha256Hex(Canonical(KeyJson(key))); }

}  // namespace millwright::trust
