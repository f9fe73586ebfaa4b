#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

#include "core/check.h"
#include "crypto/sign_handle.h"

namespace millwright::crypto {
namespace {

constexpr size_t kPemBytesMax = 16'384;

const unsigned char* Bytes(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Result<EVP_PKEY*> ReadPem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return Fail(Errc::kInvalid, "public key: too long");
  const Bio bio = ReadingBio(pem);
  MW_CHECK(bio != nullptr);
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (key == nullptr)
    return Fail(Errc::kInvalid, "public key: not PEM of a public key: " + LastOpenSslError());
  return key;
}

}  // namespace

Result<PublicKey> PublicKey::FromPem(std::string_view pem, Scheme scheme) {
  MW_TRY(EVP_PKEY* const key, ReadPem(pem));
  auto handle = std::make_shared<const Handle>(key);
  MW_TRY(CheckFits(key, scheme));
  return PublicKey(std::move(handle), scheme);
}

Result<PublicKey> PublicKey::FromPem(std::string_view pem) {
  MW_TRY(EVP_PKEY* const key, ReadPem(pem));
  return KeyAccess::Take(key);
}

Result<PublicKey> KeyAccess::Take(EVP_PKEY* key) {
  auto handle = std::make_shared<const PublicKey::Handle>(key);
  MW_TRY(const Scheme scheme, DefaultScheme(key));
  MW_TRY(CheckFits(key, scheme));
  return PublicKey(std::move(handle), scheme);
}

Result<PublicKey> PublicKey::FromEd25519(std::span<const std::byte> raw) {
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(raw), raw.size());
  if (key == nullptr) {
    ERR_clear_error();
    return Fail(Errc::kInvalid,
                "public key: an Ed25519 key has 32 bytes, this one " + std::to_string(raw.size()));
  }
  return PublicKey(std::make_shared<const Handle>(key), Scheme::kEd25519);
}

bool PublicKey::Verify(std::span<const std::byte> message,
                       std::span<const std::byte> signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  MW_CHECK(context != nullptr);
  const bool good = Prepare(context.get(), handle_->key, scheme_, false) &&
                    EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                     Bytes(message), message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::string PublicKey::Pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  MW_CHECK(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), handle_->key) == 1);
  return TakeText(bio.get());
}

std::vector<std::byte> PublicKey::Raw() const {
  std::array<unsigned char, 32> raw{};
  size_t size = raw.size();
  MW_CHECK(scheme_ == Scheme::kEd25519);
  MW_CHECK(EVP_PKEY_get_raw_public_key(handle_->key, raw.data(), &size) == 1);
  const auto bytes = std::as_bytes(std::span(raw));
  return {bytes.begin(), bytes.end()};
}

bool PublicKey::SameKey(const PublicKey& other) const {
  const bool same = EVP_PKEY_eq(handle_->key, other.handle_->key) == 1;
  ERR_clear_error();
  return same;
}

}  // namespace millwright::crypto
