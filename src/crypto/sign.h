// Signatures: the schemes that TUF metadata uses, over OpenSSL. Ed25519 (RFC 8032), ECDSA over
// NIST P-256 and P-384 (FIPS 186-4, DER signatures), RSA with PSS or PKCS #1 v1.5 padding (RFC
// 8017), both over SHA-256.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::crypto {

enum class Scheme : uint8_t {
  kEd25519,
  kEcdsaP256,
  kEcdsaP384,
  kRsaPss,
  kRsaPkcs1,
};

/// "ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsassa-pss-sha256",
/// "rsa-pkcs1v15-sha256": the names that TUF metadata carries.
[[nodiscard]] std::string_view Name(Scheme scheme);
[[nodiscard]] std::optional<Scheme> SchemeOf(std::string_view name);

/// A public key, good for one scheme. Copies share the key; verification is thread-safe.
class PublicKey {
 public:
  /// PEM, SubjectPublicKeyInfo. kInvalid where it is no such key, is of another kind than `scheme`
  /// needs, or is an RSA key shorter than 2048 bits or longer than 8192.
  [[nodiscard]] static Result<PublicKey> FromPem(std::string_view pem, Scheme scheme);
  /// The scheme is what a key of this kind signs with by default (RSA: PSS).
  [[nodiscard]] static Result<PublicKey> FromPem(std::string_view pem);
  /// The 32 bytes of an Ed25519 key.
  [[nodiscard]] static Result<PublicKey> FromEd25519(std::span<const std::byte> raw);

  [[nodiscard]] Scheme scheme() const { return scheme_; }
  [[nodiscard]] bool Verify(std::span<const std::byte> message,
                            std::span<const std::byte> signature) const;
  [[nodiscard]] std::string Pem() const;
  /// Ed25519 only: the 32 bytes.
  [[nodiscard]] std::vector<std::byte> Raw() const;
  /// The same key material, whatever the scheme and however it was written.
  [[nodiscard]] bool SameKey(const PublicKey& other) const;

 private:
  friend class PrivateKey;
  friend struct KeyAccess;
  struct Handle;
  PublicKey(std::shared_ptr<const Handle> handle, Scheme scheme)
      : handle_(std::move(handle)), scheme_(scheme) {}
  std::shared_ptr<const Handle> handle_;
  Scheme scheme_;
};

class PrivateKey {
 public:
  /// A new key from the system's random source. RSA keys have 3072 bits.
  [[nodiscard]] static Result<PrivateKey> Generate(Scheme scheme);
  /// PEM, PKCS #8, encrypted or not. kUnsupported for a kind of key that no scheme uses; kInvalid
  /// for a wrong or missing passphrase or anything that is no private key.
  [[nodiscard]] static Result<PrivateKey> FromPem(std::string_view pem,
                                                  std::string_view passphrase = {});

  [[nodiscard]] Scheme scheme() const { return scheme_; }
  [[nodiscard]] Result<std::vector<std::byte>> Sign(std::span<const std::byte> message) const;
  [[nodiscard]] PublicKey Public() const;
  /// PEM, PKCS #8; with a passphrase encrypted (scrypt, AES-256-CBC).
  [[nodiscard]] Result<std::string> Pem(std::string_view passphrase = {}) const;

 private:
  friend struct KeyAccess;
  PrivateKey(std::shared_ptr<const PublicKey::Handle> handle, Scheme scheme)
      : handle_(std::move(handle)), scheme_(scheme) {}
  std::shared_ptr<const PublicKey::Handle> handle_;
  Scheme scheme_;
};

}  // namespace millwright::crypto
