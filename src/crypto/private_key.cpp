#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "crypto/sign_handle.h"

namespace millwright::crypto {
namespace {

constexpr size_t kPrivateKeyBytesMax = 65'536;
constexpr unsigned kRsaBits = 3072;
// What guessing one passphrase costs: 16 MiB of memory, some tens of milliseconds.
constexpr uint64_t kScryptN = 16'384;
constexpr uint64_t kScryptR = 8;
constexpr uint64_t kScryptP = 1;

using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freed<PKCS8_PRIV_KEY_INFO_free>>;
using Encrypted = std::unique_ptr<X509_SIG, Freed<X509_SIG_free>>;

EVP_PKEY* MakeKey(Scheme scheme) {
  switch (scheme) {
    case Scheme::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case Scheme::kEcdsaP256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case Scheme::kEcdsaP384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
    case Scheme::kRsaPss:
    case Scheme::kRsaPkcs1:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{kRsaBits});
  }
  return nullptr;
}

// OpenSSL's callback: without a passphrase it must not ask on the terminal.
int GivePassphrase(char* buffer, int size, int /*writing*/, void* user) {
  const auto& passphrase = *static_cast<const std::string_view*>(user);
  if (passphrase.empty() || passphrase.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, passphrase.data(), passphrase.size());
  return static_cast<int>(passphrase.size());
}

Result<void> WriteEncrypted(BIO* bio, EVP_PKEY* key, std::string_view passphrase) {
  const Pkcs8 plain(EVP_PKEY2PKCS8(key));
  X509_ALGOR* how =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, kScryptN, kScryptR, kScryptP);
  if (plain == nullptr || how == nullptr) {
    X509_ALGOR_free(how);
    return Fail(Errc::kInternal, "private key: cannot be encrypted: " + LastOpenSslError());
  }
  const Encrypted sealed(PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()),
                                        plain.get(), how));  // takes `how`
  if (sealed == nullptr || PEM_write_bio_PKCS8(bio, sealed.get()) != 1)
    return Fail(Errc::kInternal, "private key: cannot be encrypted: " + LastOpenSslError());
  return {};
}

}  // namespace

Result<PrivateKey> PrivateKey::Generate(Scheme scheme) {
  EVP_PKEY* key = MakeKey(scheme);
  if (key == nullptr)
    return Fail(Errc::kInternal, "private key: cannot be made: " + LastOpenSslError());
  return PrivateKey(std::make_shared<const PublicKey::Handle>(key), scheme);
}

Result<PrivateKey> PrivateKey::FromPem(std::string_view pem, std::string_view passphrase) {
  if (pem.size() > kPrivateKeyBytesMax) return Fail(Errc::kInvalid, "private key: too long");
  const Bio bio = ReadingBio(pem);
  MW_CHECK(bio != nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassphrase, &passphrase);
  if (key == nullptr) {
    const bool sealed = pem.find("ENCRYPTED") != std::string_view::npos;
    ERR_clear_error();
    if (sealed && passphrase.empty())
      return Fail(Errc::kInvalid, "private key: encrypted, and no passphrase was given");
    return Fail(Errc::kInvalid, sealed ? "private key: wrong passphrase or damaged"
                                       : "private key: not PEM of a private key");
  }
  auto handle = std::make_shared<const PublicKey::Handle>(key);
  MW_TRY(const Scheme scheme, DefaultScheme(key));
  MW_TRY(CheckFits(key, scheme));
  return PrivateKey(std::move(handle), scheme);
}

Result<std::vector<std::byte>> PrivateKey::Sign(std::span<const std::byte> message) const {
  const DigestContext context(EVP_MD_CTX_new());
  MW_CHECK(context != nullptr);
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  size_t size = static_cast<size_t>(std::max(EVP_PKEY_get_size(handle_->key), 0));
  std::vector<std::byte> signature(size);
  if (!Prepare(context.get(), handle_->key, scheme_, true) ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                     message.size()) != 1)
    return Fail(Errc::kInternal, "private key: cannot sign: " + LastOpenSslError());
  signature.resize(size);
  return signature;
}

PublicKey PrivateKey::Public() const { return PublicKey(handle_, scheme_); }

Result<std::string> PrivateKey::Pem(std::string_view passphrase) const {
  const Bio bio(BIO_new(BIO_s_mem()));
  MW_CHECK(bio != nullptr);
  if (!passphrase.empty()) {
    MW_TRY(WriteEncrypted(bio.get(), handle_->key, passphrase));
  } else if (PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key, nullptr, nullptr, 0, nullptr,
                                           nullptr) != 1) {
    return Fail(Errc::kInternal, "private key: cannot be written: " + LastOpenSslError());
  }
  return TakeText(bio.get());
}

}  // namespace millwright::crypto
