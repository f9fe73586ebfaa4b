#include "core/log.h"
#include "crypto/hex.h"
#include "http/json_writer.h"
#include "hub/api/body.h"
#include "hub/api/identity_routes.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using http::Request;
using http::Response;

constexpr size_t kRequestPemMax = 16'384;
constexpr size_t kWhyMax = 400;
constexpr size_t kEnrolSecretMax = 200;
constexpr int64_t kTokenSecondsMax = 30 * 86'400;

Response EnrolmentAnswer(JsonWriter& json, int status = 200) {
  Response response;
  response.status = status;
  response.body = json.Take();
  return response;
}

Response EnrolmentAnswer(JsonWriter&& json, int status = 200) {
  return EnrolmentAnswer(json, status);
}

using EnrolmentWork = std::function<Result<Response>(const IdentityParts&, const Request&)>;

void AddEnrolment(http::Router& router, const IdentityParts& parts, std::string_view method,
                  std::string_view path, EnrolmentWork work) {
  router.Add(method, path, [parts, work = std::move(work)](const Request& request) {
    if (parts.enrolment == nullptr)
      return http::Problem(409, "conflict",
                           "this hub issues no certificates: identity.folder is not set");
    Result<Response> response = work(parts, request);
    return response ? std::move(*response) : http::Problem(response.error());
  });
}

// What anybody may try: failures are limited.
void AddOpenEnrolment(http::Router& router, const IdentityParts& parts, std::string_view path,
                      EnrolmentWork work) {
  AddEnrolment(router, parts, "POST", path,
               [work = std::move(work)](const IdentityParts& own,
                                        const Request& request) -> Result<Response> {
                 Result<Response> response = work(own, request);
                 if (!response && !own.failures.Takes()) return FailureLimit::TooMany();
                 return response;
               });
}

Result<Response> TellAuthority(const IdentityParts& parts, const Request& /*request*/) {
  const crypto::Certificate& authority = parts.enrolment->authority();
  return EnrolmentAnswer(std::move(JsonWriter()
                                       .BeginObject()
                                       .Field("certificate", authority.Pem())
                                       .Field("fingerprint", authority.Fingerprint())
                                       .EndObject()));
}

Response Told(const IdentityParts& parts, const Issued& issued) {
  JsonWriter json;
  json.BeginObject().Field("due", !issued.certificate.empty());
  json.Field("certificate", issued.certificate);
  json.Field("authority", parts.enrolment->authority().Pem());
  json.Field("renew_from_ms", Milliseconds(issued.renew_from)).Key("baselines").BeginArray();
  for (const KeptBaseline& each : issued.baselines)
    json.BeginObject()
        .Field("asset", each.asset)
        .Field("file", each.file)
        .Field("learned_ms", Milliseconds(each.learned))
        .Field("document", each.document)
        .EndObject();
  json.EndArray().EndObject();
  return EnrolmentAnswer(json);
}

Result<Response> EnrolDevice(const IdentityParts& parts, const Request& request) {
  Body body(request.body);
  const std::string token = body.Text("token", kEnrolSecretMax);
  const std::string csr = body.Text("request", kRequestPemMax);
  MW_TRY(body.Finish());
  MW_TRY(const Issued issued, parts.enrolment->Enrol(token, csr));
  MW_TRY(const auto certificate, crypto::Certificate::FromPem(issued.certificate));
  if (!issued.revoked.empty()) {
    MW_TRY(parts.doorman->Expel(certificate.Name()));
  }
  log::Info("identity", "enrolled",
            {{"device", certificate.Name()}, {"serial", certificate.Serial()}});
  return Told(parts, issued);
}

Result<Response> RenewDevice(const IdentityParts& parts, const Request& request) {
  Body body(request.body);
  RenewalRequest renewal{.certificate = body.Text("certificate", kRequestPemMax),
                         .request = body.Text("request", kRequestPemMax),
                         .proof = {},
                         .force = body.Flag("force", false)};
  const auto proof = crypto::FromHex(body.Text("proof", 1024));
  MW_TRY(body.Finish());
  if (!proof) return Fail(Errc::kInvalid, "proof must be hex digits");
  renewal.proof = *proof;
  MW_TRY(const Issued issued, parts.enrolment->Renew(renewal));
  return Told(parts, issued);
}

Result<Response> MakeEnrolToken(const IdentityParts& parts, const Request& request) {
  Body body(request.body);
  const TokenRequest wanted{.device = body.Text("device", 64),
                            .life = body.Integer("ttl_s", 3600, 1, kTokenSecondsMax) * kSecond,
                            .replace = body.Flag("replace", false),
                            .who = request.who};
  MW_TRY(body.Finish());
  MW_TRY(const TokenText token, parts.enrolment->MakeToken(wanted));
  return EnrolmentAnswer(std::move(JsonWriter()
                                       .BeginObject()
                                       .Field("device", wanted.device)
                                       .Field("token", token.Text())
                                       .EndObject()),
                         201);
}

Result<Response> ListCertificates(const IdentityParts& parts, const Request& /*request*/) {
  MW_TRY(const auto list, parts.enrolment->List());
  JsonWriter json;
  json.BeginObject().Key("certificates").BeginArray();
  for (const DeviceCertificate& each : list) {
    json.BeginObject().Field("device", each.device).Field("serial", each.serial);
    json.Field("issued_ms", Milliseconds(each.issued)).Field("until_ms", Milliseconds(each.until));
    json.Field("renewed", each.renewed).Key("revoked_ms");
    if (each.revoked == 0)
      json.Null();
    else
      json.Integer(Milliseconds(each.revoked));
    json.Field("reason", each.reason).EndObject();
  }
  json.EndArray().EndObject();
  return EnrolmentAnswer(json);
}

Result<Response> RevokeDevice(const IdentityParts& parts, const Request& request) {
  Body body(request.body);
  const std::string device = body.Text("device", 64);
  const std::string why = body.Text("why", kWhyMax, "");
  MW_TRY(body.Finish());
  MW_TRY(const auto serials, parts.enrolment->Revoke(device, request.who, why));
  MW_TRY(parts.doorman->Expel(device));
  log::Info("identity", "revoked", {{"device", device}, {"who", request.who}});
  JsonWriter json;
  json.BeginObject().Field("device", device).Key("revoked").BeginArray();
  for (const std::string& serial : serials) json.String(serial);
  json.EndArray().EndObject();
  return EnrolmentAnswer(json);
}

}  // namespace

void AddEnrolmentRoutes(http::Router& router, const IdentityParts& parts) {
  AddEnrolment(router, parts, "GET", "/api/v1/authority", TellAuthority);
  AddOpenEnrolment(router, parts, "/api/v1/enroll", EnrolDevice);
  AddOpenEnrolment(router, parts, "/api/v1/renew", RenewDevice);
  AddEnrolment(router, parts, "POST", "/api/v1/identity/tokens", MakeEnrolToken);
  AddEnrolment(router, parts, "GET", "/api/v1/identity/certificates", ListCertificates);
  AddEnrolment(router, parts, "POST", "/api/v1/identity/revoke", RevokeDevice);
}

}  // namespace millwright::hub
