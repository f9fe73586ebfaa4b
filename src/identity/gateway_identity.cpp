#include "identity/gateway_identity.h"

namespace millwright::identity {
namespace {

constexpr size_t kIdentityBytesMax = 65'536;

}  // namespace

Result<Identity> GatewayIdentity::Read() {
  MW_TRY(const os::Bytes bytes, files_.Read(IdentityFile(), kIdentityBytesMax));
  const auto named = [&](const Error& error) {
    return Fail(error.code, IdentityFile() + ": " + error.what);
  };
  auto key = crypto::PrivateKey::FromPem(os::AsText(bytes));
  if (!key) return named(key.error());
  auto certificate = crypto::Certificate::FromPem(os::AsText(bytes));
  if (!certificate) return named(certificate.error());
  return Identity{.key = std::move(*key), .certificate = std::move(*certificate)};
}

Result<crypto::PrivateKey> GatewayIdentity::NextKey() {
  if (const auto bytes = files_.Read(NextFile(), kIdentityBytesMax); bytes) {
    auto key = crypto::PrivateKey::FromPem(os::AsText(*bytes));
    // A damaged one is made anew; so is one that was adopted and came back after a power cut.
    const auto current = Read();
    if (key && !(current && current->key.Public().SameKey(key->Public()))) return key;
  }
  MW_TRY(files_.MakeFolders(folder_));
  MW_TRY(crypto::PrivateKey key, crypto::PrivateKey::Generate(crypto::Scheme::kEcdsaP256));
  MW_TRY(const std::string pem, key.Pem());
  MW_TRY(os::WriteSecret(files_, NextFile(), os::AsBytes(pem)));
  return key;
}

Result<void> GatewayIdentity::WriteAuthority(const crypto::Certificate& authority) {
  MW_TRY(files_.MakeFolders(folder_));
  return files_.WriteDurably(AuthorityFile(), os::AsBytes(authority.Pem()));
}

Result<void> GatewayIdentity::Adopt(const crypto::PrivateKey& key,
                                    const crypto::Certificate& certificate) {
  MW_TRY(const crypto::PublicKey certified, certificate.Key());
  if (!certified.SameKey(key.Public()))
    return Fail(Errc::kInvalid, "enroll: the hub's certificate is for another key");
  MW_TRY(const std::string pem, key.Pem());
  MW_TRY(os::WriteSecret(files_, IdentityFile(), os::AsBytes(pem + certificate.Pem())));
  return ForgetNextKey();
}

}  // namespace millwright::identity
