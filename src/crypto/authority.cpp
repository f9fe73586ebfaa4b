#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>

#include "core/check.h"
#include "crypto/certificate_handle.h"
#include "crypto/hex.h"

namespace millwright::crypto {
namespace {

constexpr size_t kSerialBytes = 16;

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

time_t UnixTime(Nanos utc) { return utc / kSecond; }

bool SetTimes(X509* x509, const CertificateTerms& terms) {
  return ASN1_TIME_set(X509_getm_notBefore(x509), UnixTime(terms.from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(x509), UnixTime(terms.until)) != nullptr;
}

bool SetSerial(X509* x509) {
  std::array<unsigned char, kSerialBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3F) | 0x40);  // positive, and never shorter
  const NumberPtr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509));
}

bool SetName(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

// `value` is one of ours, never a caller's: OpenSSL reads it as a small language.
bool Extend(X509* x509, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1;
}

bool AddHost(GENERAL_NAMES* names, const std::string& host) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (name == nullptr) return false;
  if (ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str()); address != nullptr) {
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    if (text != nullptr) ASN1_STRING_set(text, host.data(), static_cast<int>(host.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
  }
  ERR_clear_error();  // a name is no address
  return sk_GENERAL_NAME_push(names, name) > 0;
}

bool AddHosts(X509* x509, const std::vector<std::string>& hosts) {
  if (hosts.empty()) return true;
  const NamesPtr names(sk_GENERAL_NAME_new_null());
  if (names == nullptr) return false;
  for (const std::string& host : hosts)
    if (!AddHost(names.get(), host)) return false;
  return X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool AddExtensions(X509* x509, X509* issuer, const CertificateTerms& terms) {
  const bool authority = terms.purpose == Purpose::kAuthority;
  if (!Extend(x509, issuer, NID_basic_constraints,
              authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") ||
      !Extend(x509, issuer, NID_key_usage,
              authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") ||
      !Extend(x509, issuer, NID_subject_key_identifier, "hash") ||
      !Extend(x509, issuer, NID_authority_key_identifier, "keyid:always"))
    return false;
  if (authority) return true;
  return Extend(x509, issuer, NID_ext_key_usage,
                terms.purpose == Purpose::kServer ? "serverAuth" : "clientAuth") &&
         AddHosts(x509, terms.hosts);
}

bool AddRevocation(X509_CRL* list, const Revocation& revoked) {
  X509_REVOKED* entry = X509_REVOKED_new();
  BIGNUM* raw = nullptr;
  BN_hex2bn(&raw, revoked.serial.c_str());
  const NumberPtr number(raw);
  const IntegerPtr serial(number == nullptr ? nullptr : BN_to_ASN1_INTEGER(number.get(), nullptr));
  const TimePtr at(ASN1_TIME_set(nullptr, UnixTime(revoked.at)));
  if (entry != nullptr && serial != nullptr && at != nullptr &&
      X509_REVOKED_set_serialNumber(entry, serial.get()) == 1 &&
      X509_REVOKED_set_revocationDate(entry, at.get()) == 1 &&
      X509_CRL_add0_revoked(list, entry) == 1)
    return true;
  X509_REVOKED_free(entry);
  return false;
}

bool NumberList(X509_CRL* list, X509* issuer, int64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, list, 0);
  const ExtensionPtr issued_by(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  const IntegerPtr count(ASN1_INTEGER_new());
  return issued_by != nullptr && X509_CRL_add_ext(list, issued_by.get(), -1) == 1 &&
         count != nullptr && ASN1_INTEGER_set_int64(count.get(), number) == 1 &&
         X509_CRL_add1_ext_i2d(list, NID_crl_number, count.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

}  // namespace

Result<Certificate> Authority::Sign(const PublicKey& subject, const CertificateTerms& terms,
                                    const Certificate* issuer, const PrivateKey& key) {
  X509Ptr x509(X509_new());
  MW_CHECK(x509 != nullptr);
  X509* parent = issuer == nullptr ? x509.get() : issuer->handle_->x509;
  if (X509_set_version(x509.get(), X509_VERSION_3) != 1 || !SetSerial(x509.get()) ||
      !SetTimes(x509.get(), terms) || !SetName(X509_get_subject_name(x509.get()), terms.name) ||
      X509_set_issuer_name(x509.get(), X509_get_subject_name(parent)) != 1 ||
      X509_set_pubkey(x509.get(), KeyAccess::Of(subject)) != 1 ||
      !AddExtensions(x509.get(), parent, terms) ||
      X509_sign(x509.get(), KeyAccess::Of(key), EVP_sha256()) <= 0)
    return FailCertificate("'" + terms.name + "' cannot be made");
  return Certificate(std::make_shared<const Certificate::Handle>(x509.release()));
}

Result<Authority> Authority::Make(const CertificateTerms& terms) {
  MW_TRY(PrivateKey key, PrivateKey::Generate(Scheme::kEcdsaP256));
  MW_TRY(Certificate certificate, Sign(key.Public(), terms, nullptr, key));
  return Authority(std::move(certificate), std::move(key));
}

Result<Authority> Authority::Open(Certificate certificate, PrivateKey key) {
  MW_TRY(const PublicKey open, certificate.Key());
  if (!open.SameKey(key.Public()))
    return Fail(Errc::kInvalid, "certificate: the authority's key is another one's");
  return Authority(std::move(certificate), std::move(key));
}

Result<Certificate> Authority::Issue(const PublicKey& subject,
                                     const CertificateTerms& terms) const {
  return Sign(subject, terms, &certificate_, key_);
}

Result<std::string> Authority::RevocationList(const std::vector<Revocation>& revoked,
                                              int64_t number, Nanos from, Nanos until) const {
  X509* issuer = certificate_.handle_->x509;
  const CrlPtr list(X509_CRL_new());
  const TimePtr begin(ASN1_TIME_set(nullptr, UnixTime(from)));
  const TimePtr end(ASN1_TIME_set(nullptr, UnixTime(until)));
  const Bio bio(BIO_new(BIO_s_mem()));
  MW_CHECK(list != nullptr && begin != nullptr && end != nullptr && bio != nullptr);
  bool good = X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer)) == 1 &&
              X509_CRL_set1_lastUpdate(list.get(), begin.get()) == 1 &&
              X509_CRL_set1_nextUpdate(list.get(), end.get()) == 1;
  for (const Revocation& each : revoked) good = good && AddRevocation(list.get(), each);
  good = good && NumberList(list.get(), issuer, number) && X509_CRL_sort(list.get()) == 1 &&
         X509_CRL_sign(list.get(), KeyAccess::Of(key_), EVP_sha256()) > 0 &&
         PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1;
  if (!good) return FailCertificate("the list of revoked ones cannot be made");
  return TakeText(bio.get());
}

}  // namespace millwright::crypto
