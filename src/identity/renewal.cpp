#include "identity/renewal.h"

#include <nlohmann/json.hpp>

#include "crypto/hex.h"
#include "crypto/sha256.h"

namespace millwright::identity {
namespace {

constexpr const char* kRenewPath = "/api/v1/renew";

struct Answer {
  bool due = false;
  std::string certificate;
  Nanos renew_from = 0;
};

Result<Answer> ReadAnswer(std::string_view body) {
  const auto bad = [] {
    return Fail(Errc::kUnsupported, std::string("identity: ") + kRenewPath +
                                        " answered what this program does not understand");
  };
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object()) return bad();
  const auto due = answer.find("due");
  const auto certificate = answer.find("certificate");
  const auto renew_from = answer.find("renew_from_ms");
  if (due == answer.end() || !due->is_boolean() || certificate == answer.end() ||
      !certificate->is_string() || renew_from == answer.end() || !renew_from->is_number_integer())
    return bad();
  const auto ms = renew_from->get<int64_t>();
  if (ms < 0 || ms > INT64_MAX / kMillisecond) return bad();
  return Answer{.due = due->get<bool>(),
                .certificate = certificate->get<std::string>(),
                .renew_from = ms * kMillisecond};
}

}  // namespace

std::string RenewalText(const crypto::Certificate& certificate, std::string_view request_pem) {
  return "millwright renewal 1\n" + certificate.Fingerprint() + "\n" +
         crypto::Sha256Hex(request_pem) + "\n";
}

Result<Renewal> Renew(GatewayIdentity& gateway, const Ask& ask, bool force) {
  MW_TRY(const Identity old, gateway.Read());
  MW_TRY(const crypto::PrivateKey key, gateway.NextKey());
  MW_TRY(const auto request, crypto::CertificateRequest::Make(key));
  MW_TRY(const auto proof, old.key.Sign(os::AsBytes(RenewalText(old.certificate, request.Pem()))));
  const nlohmann::json body = {{"certificate", old.certificate.Pem()},
                               {"request", request.Pem()},
                               {"proof", crypto::ToHex(proof)},
                               {"force", force}};
  MW_TRY(const std::string text, ask(kRenewPath, body.dump()));
  MW_TRY(const Answer answer, ReadAnswer(text));
  if (!answer.due) {
    MW_TRY(gateway.ForgetNextKey());
    return Renewal{
        .changed = false, .certificate = old.certificate, .renew_from = answer.renew_from};
  }
  MW_TRY(const auto certificate, crypto::Certificate::FromPem(answer.certificate));
  if (certificate.Name() != old.certificate.Name())
    return Fail(Errc::kInvalid, "identity: the renewed certificate is for another name");
  MW_TRY(gateway.Adopt(key, certificate));
  return Renewal{.changed = true, .certificate = certificate, .renew_from = answer.renew_from};
}

}  // namespace millwright::identity
