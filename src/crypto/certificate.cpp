#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

#include "core/check.h"
#include "crypto/certificate_handle.h"
#include "crypto/hex.h"
#include "crypto/sha256.h"

namespace millwright::crypto {
namespace {

constexpr size_t kCertificateBytesMax = 65'536;

// Without it OpenSSL asks on the terminal where a PEM is encrypted.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

Nanos FromAsn1(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<Nanos>(timegm(&parts)) * kSecond;
}

}  // namespace

Result<CertificateRequest> CertificateRequest::Make(const PrivateKey& key) {
  const RequestPtr request(X509_REQ_new());
  const Bio bio(BIO_new(BIO_s_mem()));
  MW_CHECK(request != nullptr && bio != nullptr);
  if (X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), KeyAccess::Of(key)) != 1 ||
      X509_REQ_sign(request.get(), KeyAccess::Of(key), EVP_sha256()) <= 0 ||
      PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1)
    return FailCertificate("a request cannot be made");
  return CertificateRequest(TakeText(bio.get()), key.Public());
}

Result<CertificateRequest> CertificateRequest::FromPem(std::string_view pem) {
  if (pem.size() > kCertificateBytesMax)
    return Fail(Errc::kInvalid, "certificate request: too long");
  const Bio bio = ReadingBio(pem);
  MW_CHECK(bio != nullptr);
  const RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, NoPassphrase, nullptr));
  EVP_PKEY* key = request == nullptr ? nullptr : X509_REQ_get_pubkey(request.get());
  if (key == nullptr) {
    ERR_clear_error();
    return Fail(Errc::kInvalid, "certificate request: not PEM of one");
  }
  MW_TRY(PublicKey open, KeyAccess::Take(key));
  if (open.scheme() != Scheme::kEcdsaP256)
    return Fail(Errc::kInvalid, "certificate request: its key is not ECDSA over P-256");
  if (X509_REQ_verify(request.get(), KeyAccess::Of(open)) != 1) {
    ERR_clear_error();
    return Fail(Errc::kInvalid, "certificate request: not signed by its own key");
  }
  return CertificateRequest(std::string(pem), std::move(open));
}

Result<Certificate> Certificate::FromPem(std::string_view pem) {
  if (pem.size() > kCertificateBytesMax) return Fail(Errc::kInvalid, "certificate: too long");
  const Bio bio = ReadingBio(pem);
  MW_CHECK(bio != nullptr);
  X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr);
  if (x509 == nullptr) {
    ERR_clear_error();
    return Fail(Errc::kInvalid, "certificate: not PEM of one");
  }
  return Certificate(std::make_shared<const Handle>(x509));
}

std::string Certificate::Pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  MW_CHECK(bio != nullptr && PEM_write_bio_X509(bio.get(), handle_->x509) == 1);
  return TakeText(bio.get());
}

std::string Certificate::Name() const {
  const X509_NAME* subject = X509_get_subject_name(handle_->x509);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, text);
  if (length < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<size_t>(length));
  OPENSSL_free(utf8);
  return name;
}

std::string Certificate::Serial() const {
  const NumberPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(handle_->x509), nullptr));
  MW_CHECK(number != nullptr);
  std::vector<std::byte> bytes(static_cast<size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return ToHex(bytes);
}

std::string Certificate::Fingerprint() const {
  unsigned char* der = nullptr;
  const int length = i2d_X509(handle_->x509, &der);
  MW_CHECK(length > 0);
  std::string digest =
      Sha256Hex(std::as_bytes(std::span<const unsigned char>(der, static_cast<size_t>(length))));
  OPENSSL_free(der);
  return digest;
}

Nanos Certificate::From() const { return FromAsn1(X509_get0_notBefore(handle_->x509)); }
Nanos Certificate::Until() const { return FromAsn1(X509_get0_notAfter(handle_->x509)); }

Result<PublicKey> Certificate::Key() const {
  EVP_PKEY* key = X509_get_pubkey(handle_->x509);
  if (key == nullptr) return FailCertificate("its key cannot be read");
  return KeyAccess::Take(key);
}

bool Certificate::IssuedBy(const Certificate& authority) const {
  EVP_PKEY* key = X509_get0_pubkey(authority.handle_->x509);
  const bool good = X509_NAME_cmp(X509_get_issuer_name(handle_->x509),
                                  X509_get_subject_name(authority.handle_->x509)) == 0 &&
                    key != nullptr && X509_verify(handle_->x509, key) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace millwright::crypto
