#include <openssl/err.h>
#include <openssl/rsa.h>

#include <array>

#include "crypto/sign_handle.h"

namespace millwright::crypto {
namespace {

struct Row {
  Scheme scheme;
  std::string_view name;
  int kind;
  std::string_view group;  // of an elliptic curve, as OpenSSL calls it
  const EVP_MD* (*digest)();
  int padding;
};

const EVP_MD* NoDigest() { return nullptr; }  // Ed25519 hashes by itself

constexpr Row kRows[] = {
    {Scheme::kEd25519, "ed25519", EVP_PKEY_ED25519, "", NoDigest, 0},
    {Scheme::kEcdsaP256, "ecdsa-sha2-nistp256", EVP_PKEY_EC, "prime256v1", EVP_sha256, 0},
    {Scheme::kEcdsaP384, "ecdsa-sha2-nistp384", EVP_PKEY_EC, "secp384r1", EVP_sha384, 0},
    {Scheme::kRsaPss, "rsassa-pss-sha256", EVP_PKEY_RSA, "", EVP_sha256, RSA_PKCS1_PSS_PADDING},
    {Scheme::kRsaPkcs1, "rsa-pkcs1v15-sha256", EVP_PKEY_RSA, "", EVP_sha256, RSA_PKCS1_PADDING},
};

// Shorter RSA keys can be broken; longer ones let a hostile key burn the verifier's time.
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;

const Row& RowOf(Scheme scheme) { return kRows[static_cast<size_t>(scheme)]; }

std::string GroupOf(EVP_PKEY* key) {
  std::array<char, 64> name{};
  size_t length = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) != 1) return {};
  return std::string(name.data(), length);
}

}  // namespace

std::string_view Name(Scheme scheme) { return RowOf(scheme).name; }

std::optional<Scheme> SchemeOf(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return row.scheme;
  return std::nullopt;
}

std::string LastOpenSslError() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  std::array<char, 256> text{};
  ERR_error_string_n(error, text.data(), text.size());
  return error == 0 ? "no reason given" : text.data();
}

Bio ReadingBio(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

Result<Scheme> DefaultScheme(EVP_PKEY* key) {
  for (const Row& row : kRows) {
    if (EVP_PKEY_get_base_id(key) != row.kind) continue;
    if (row.group.empty() || GroupOf(key) == row.group) return row.scheme;
  }
  return Fail(Errc::kUnsupported, "key: neither Ed25519 nor ECDSA (P-256, P-384) nor RSA");
}

Result<void> CheckFits(EVP_PKEY* key, Scheme scheme) {
  const Row& row = RowOf(scheme);
  if (EVP_PKEY_get_base_id(key) != row.kind || (!row.group.empty() && GroupOf(key) != row.group))
    return Fail(Errc::kInvalid, "key: not one that " + std::string(row.name) + " signs with");
  const int bits = EVP_PKEY_get_bits(key);
  if (row.kind == EVP_PKEY_RSA && (bits < kRsaBitsMin || bits > kRsaBitsMax)) {
    return Fail(Errc::kInvalid, "key: " + std::to_string(bits) + " bits; an RSA key has " +
                                    std::to_string(kRsaBitsMin) + " to " +
                                    std::to_string(kRsaBitsMax));
  }
  return {};
}

bool Prepare(EVP_MD_CTX* context, EVP_PKEY* key, Scheme scheme, bool sign) {
  const Row& row = RowOf(scheme);
  EVP_PKEY_CTX* options = nullptr;  // owned by `context`
  const auto begin = sign ? EVP_DigestSignInit : EVP_DigestVerifyInit;
  if (begin(context, &options, row.digest(), nullptr, key) != 1) return false;
  if (row.padding == 0) return true;
  if (EVP_PKEY_CTX_set_rsa_padding(options, row.padding) != 1) return false;
  if (row.padding != RSA_PKCS1_PSS_PADDING) return true;
  // Signers choose different salt lengths; the signature tells which.
  const int salt = sign ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_AUTO;
  return EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt) == 1;
}

}  // namespace millwright::crypto
