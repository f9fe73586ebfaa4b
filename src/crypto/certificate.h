// X.509 as one fleet needs it: an authority, certificates for its servers and devices, requests for
// them, and the list of those that were taken back (RFC 5280, PKCS #10). Keys are ECDSA over P-256:
// every TLS 1.3 peer takes it, so do AWS IoT Core and the secure elements that a gateway may have.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "crypto/sign.h"

namespace millwright::crypto {

enum class Purpose : uint8_t { kAuthority, kServer, kClient };

struct CertificateTerms {
  std::string name;  // the subject's common name
  Purpose purpose = Purpose::kClient;
  Nanos from = 0, until = 0;  // UTC, whole seconds count
  /// Addresses and names that a server answers to; an address is written as such.
  std::vector<std::string> hosts{};
};

/// What a device sends to be given a certificate; it proves that the sender has the key. Whoever
/// signs decides the name, so a request carries none.
class CertificateRequest {
 public:
  [[nodiscard]] static Result<CertificateRequest> Make(const PrivateKey& key);
  /// kInvalid where it is none, is not signed by its own key, or its key is not ECDSA P-256.
  [[nodiscard]] static Result<CertificateRequest> FromPem(std::string_view pem);

  [[nodiscard]] const std::string& Pem() const { return pem_; }
  [[nodiscard]] const PublicKey& Key() const { return key_; }

 private:
  CertificateRequest(std::string pem, PublicKey key) : pem_(std::move(pem)), key_(std::move(key)) {}
  std::string pem_;
  PublicKey key_;
};

/// A certificate that was read. Nothing is checked but its form.
class Certificate {
 public:
  /// The first one in the text. kInvalid where there is none.
  [[nodiscard]] static Result<Certificate> FromPem(std::string_view pem);

  [[nodiscard]] std::string Pem() const;
  [[nodiscard]] std::string Name() const;         // the subject's common name
  [[nodiscard]] std::string Serial() const;       // lower-case hex digits
  [[nodiscard]] std::string Fingerprint() const;  // SHA-256 of its DER, lower-case hex digits
  [[nodiscard]] Nanos From() const;
  [[nodiscard]] Nanos Until() const;
  [[nodiscard]] Result<PublicKey> Key() const;
  /// Signed by this authority's key, and names it as its issuer. Times are not looked at.
  [[nodiscard]] bool IssuedBy(const Certificate& authority) const;

 private:
  friend class Authority;
  struct Handle;
  explicit Certificate(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<const Handle> handle_;
};

struct Revocation {
  std::string serial;
  Nanos at = 0;
};

/// A key that vouches for others, and its own certificate.
class Authority {
 public:
  /// A new one with a new key.
  [[nodiscard]] static Result<Authority> Make(const CertificateTerms& terms);
  /// kInvalid where the key is not the certificate's.
  [[nodiscard]] static Result<Authority> Open(Certificate certificate, PrivateKey key);

  [[nodiscard]] const Certificate& certificate() const { return certificate_; }
  [[nodiscard]] const PrivateKey& key() const { return key_; }
  /// With a random serial number of 128 bits.
  [[nodiscard]] Result<Certificate> Issue(const PublicKey& subject,
                                          const CertificateTerms& terms) const;
  /// The PEM of the list, `number` the larger the newer.
  [[nodiscard]] Result<std::string> RevocationList(const std::vector<Revocation>& revoked,
                                                   int64_t number, Nanos from, Nanos until) const;

 private:
  Authority(Certificate certificate, PrivateKey key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}
  [[nodiscard]] static Result<Certificate> Sign(const PublicKey& subject,
                                                const CertificateTerms& terms,
                                                const Certificate* issuer, const PrivateKey& key);
  Certificate certificate_;
  PrivateKey key_;
};

}  // namespace millwright::crypto
