// OpenSSL's objects behind certificate.h; included by this room's .cpp files only.
#pragma once

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "crypto/certificate.h"
#include "crypto/sign_handle.h"

namespace millwright::crypto {

struct Certificate::Handle {
  X509* x509 = nullptr;
  explicit Handle(X509* taken) : x509(taken) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { X509_free(x509); }
};

using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;

/// kInternal with what OpenSSL says.
[[nodiscard]] inline tl::unexpected<Error> FailCertificate(const std::string& what) {
  return Fail(Errc::kInternal, "certificate: " + what + ": " + LastOpenSslError());
}

}  // namespace millwright::crypto
