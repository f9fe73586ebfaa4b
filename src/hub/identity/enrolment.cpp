#include "hub/identity/enrolment.h"

#include <algorithm>

#include "core/ids.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "identity/renewal.h"
#include "identity/standing.h"
#include "os/files.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

using crypto::Certificate;
using crypto::CertificateRequest;
using identity::RenewFrom;

constexpr size_t kEnrolmentSecretBytes = 20;
constexpr std::string_view kEnrolmentTokenHead = "mwe1";
constexpr size_t kReasonMax = 400;
constexpr size_t kBaselineBytesMax = size_t{32} << 20;  // in one answer
// A gateway's broker and the hub may disagree about the time a little; less where a certificate
// lives for hours only.
constexpr Nanos kClockSlack = 3600 * kSecond;

constexpr std::string_view kNoSuchToken =
    "enrolment: this token is unknown, expired or used; ask for another one";

std::string KeyDigest(const crypto::PublicKey& key) { return crypto::Sha256Hex(key.Pem()); }

}  // namespace

std::string TokenText::Text() const {
  return std::string(kEnrolmentTokenHead) + "." + secret + "." + authority;
}

Result<TokenText> TokenText::Parse(std::string_view text) {
  const size_t first = text.find('.');
  const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.substr(0, first) != kEnrolmentTokenHead)
    return Fail(Errc::kInvalid, "enrolment: that is no token; it begins with mwe1.");
  TokenText out{.secret = std::string(text.substr(first + 1, second - first - 1)),
                .authority = std::string(text.substr(second + 1))};
  if (out.secret.size() != 2 * kEnrolmentSecretBytes || !crypto::IsSha256Hex(out.authority))
    return Fail(Errc::kInvalid, "enrolment: the token is not whole");
  return out;
}

Result<TokenText> Enrolment::MakeToken(const TokenRequest& request) {
  MW_TRY(CheckIdText("device", request.device));
  if (request.life <= 0 || request.life > options_.token_life_max)
    return Fail(Errc::kInvalid, "enrolment: a token lives up to " +
                                    std::to_string(options_.token_life_max / kDay) + " days");
  const MutexLock lock(mutex_);
  MW_TRY(const auto good, Good(request.device));
  if (!good.empty() && !request.replace)
    return Fail(Errc::kConflict, "enrolment: " + request.device +
                                     " has a certificate; --replace gives its name to another "
                                     "gateway and takes that one back");
  if (good.empty() && request.replace)
    return Fail(Errc::kConflict,
                "enrolment: " + request.device + " has no certificate that could be replaced");
  TokenText token{.secret = crypto::RandomHex(kEnrolmentSecretBytes),
                  .authority = authority_.certificate().Fingerprint()};
  const Nanos now = clock_.Utc();
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(database_->Run(
      "INSERT INTO enrol_tokens (hash, device, replaces, created_ns, created_by, expires_ns) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {crypto::Sha256Hex(token.secret), request.device, request.replace ? 1 : 0, now, request.who,
       now + request.life}));
  MW_TRY(Note(request.who, request.replace ? "enrol token to replace" : "enrol token",
              request.device, ""));
  MW_TRY(transaction.Commit());
  return token;
}

Result<Issued> Enrolment::Issue(std::string_view device, const CertificateRequest& request) {
  const Nanos now = clock_.Utc();
  const Nanos slack = std::min(kClockSlack, options_.life / 10);
  MW_TRY(const Certificate made,
         authority_.Issue(request.Key(), {.name = std::string(device),
                                          .purpose = crypto::Purpose::kClient,
                                          .from = std::max<Nanos>(0, now - slack),
                                          .until = now + options_.life}));
  Issued issued{.certificate = made.Pem(), .renew_from = RenewFrom(now, made.Until())};
  MW_TRY(database_->Run(
      "INSERT INTO certificates (serial, device, key_sha256, pem, issued_ns, expires_ns, reason) "
      "VALUES ($1, $2, $3, $4, $5, $6, '')",
      {made.Serial(), device, KeyDigest(request.Key()), issued.certificate, now, made.Until()}));
  return issued;
}

Result<Issued> Enrolment::Again(std::string_view serial) {
  Issued issued;
  MW_TRY(const bool found,
         database_->First("SELECT pem, issued_ns, expires_ns FROM certificates WHERE serial = $1",
                          {serial}, [&](const store::Row& row) {
                            issued.certificate = row.Text(0);
                            issued.renew_from = RenewFrom(row.Int(1), row.Int(2));
                          }));
  if (!found) return Fail(Errc::kInternal, "enrolment: an issued certificate is not in the books");
  return issued;
}

Result<std::vector<KeptBaseline>> Enrolment::BaselinesOf(std::string_view device) {
  std::vector<KeptBaseline> out;
  size_t bytes = 0;
  MW_TRY(database_->Each(
      "SELECT asset, file, document, learned_ns FROM baselines WHERE device = $1 ORDER BY "
      "learned_ns DESC, file LIMIT 4000",
      {device}, [&](const store::Row& row) {
        const store::Blob document = row.Bytes(2);
        bytes += document.size();
        if (bytes > kBaselineBytesMax) return;
        out.push_back({.asset = std::string(row.Text(0)),
                       .file = std::string(row.Text(1)),
                       .document = std::string(os::AsText(document)),
                       .learned = row.Int(3)});
      }));
  return out;
}

Result<Issued> Enrolment::Enrol(std::string_view secret, std::string_view request_pem) {
  MW_TRY(const CertificateRequest request, CertificateRequest::FromPem(request_pem));
  const std::string hash = crypto::Sha256Hex(secret);
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  // Looked at before the transaction: who only guesses must not hold up those who write.
  constexpr std::string_view kAlive =
      "SELECT device FROM enrol_tokens WHERE hash = $1 AND expires_ns > $2";
  MW_TRY(const bool alive, database_->First(kAlive, {hash, now}, [](const store::Row&) {}));
  if (!alive) return Fail(Errc::kNotFound, std::string(kNoSuchToken));
  MW_TRY(store::Transaction transaction, database_->Begin());
  std::string device, who, used_serial;
  bool replaces = false;
  MW_TRY(const bool found,
         database_->First("SELECT device, replaces, created_by, used_serial FROM enrol_tokens "
                          "WHERE hash = $1 AND expires_ns > $2",
                          {hash, now}, [&](const store::Row& row) {
                            device = row.Text(0);
                            replaces = row.Int(1) != 0;
                            who = row.Text(2);
                            used_serial = row.Text(3);
                          }));
  if (!found) return Fail(Errc::kNotFound, std::string(kNoSuchToken));
  if (!used_serial.empty()) {
    MW_TRY(const Known known, Find(used_serial));
    if (known.key != KeyDigest(request.Key()) || known.revoked)
      return Fail(Errc::kNotFound, std::string(kNoSuchToken));
    MW_TRY(Issued again, Again(used_serial));
    if (replaces) {
      MW_TRY(again.baselines, BaselinesOf(device));
    }
    return again;
  }
  MW_TRY(const auto good, Good(device));
  if (!good.empty() && !replaces)  // two tokens were made for one device: the first one counts
    return Fail(Errc::kConflict, "enrolment: " + device + " has a certificate by now");
  std::vector<std::string> revoked;
  if (replaces) {
    MW_TRY(revoked, RevokeAll(device, "replaced"));
  }
  MW_TRY(Issued issued, Issue(device, request));
  if (replaces) {
    MW_TRY(issued.baselines, BaselinesOf(device));
  }
  issued.revoked = std::move(revoked);
  MW_TRY(const Certificate certificate, Certificate::FromPem(issued.certificate));
  MW_TRY(const int64_t marked,
         database_->Run("UPDATE enrol_tokens SET used_ns = $1, used_serial = $2 WHERE hash = $3 "
                        "AND used_ns IS NULL",
                        {now, certificate.Serial(), hash}));
  if (marked != 1) return Fail(Errc::kNotFound, std::string(kNoSuchToken));
  MW_TRY(Note(who, replaces ? "replaced" : "enrolled", device, certificate.Serial()));
  MW_TRY(transaction.Commit());
  return issued;
}

Result<Issued> Enrolment::Renew(const RenewalRequest& request) {
  MW_TRY(const Certificate old, Certificate::FromPem(request.certificate));
  MW_TRY(const CertificateRequest fresh, CertificateRequest::FromPem(request.request));
  if (!old.IssuedBy(authority_.certificate()))
    return Fail(Errc::kInvalid, "enrolment: that certificate is not of this hub's authority");
  MW_TRY(const crypto::PublicKey key, old.Key());
  if (!key.Verify(os::AsBytes(identity::RenewalText(old, fresh.Pem())), request.proof))
    return Fail(Errc::kInvalid, "enrolment: no proof of the key that is being replaced");
  const MutexLock lock(mutex_);
  MW_TRY(const Known known, Find(old.Serial()));
  return RenewKnown(old, known, fresh, request.force);
}

Result<Issued> Enrolment::RenewKnown(const Certificate& old, const Known& known,
                                     const CertificateRequest& request, bool force) {
  const Nanos now = clock_.Utc();
  if (known.revoked)
    return Fail(Errc::kConflict, "enrolment: this certificate was revoked; enrol anew");
  if (now > known.until + options_.grace)
    return Fail(Errc::kConflict, "enrolment: this certificate ended too long ago; enrol anew");
  if (!known.successor.empty()) {
    MW_TRY(const Known next, Find(known.successor));
    if (next.key == KeyDigest(request.Key()) && !next.revoked) return Again(known.successor);
    MW_TRY(Note(known.device, "second renewal refused", known.device, old.Serial()));
    return Fail(Errc::kConflict,
                "enrolment: this certificate was renewed already, with another key; if that was "
                "not this gateway, revoke it");
  }
  if (request.Key().SameKey(*old.Key()))
    return Fail(Errc::kInvalid, "enrolment: a renewal needs a new key");
  const Nanos due = RenewFrom(old.From(), old.Until());
  if (now < due && !force) return Issued{.certificate = {}, .renew_from = due};
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(Issued issued, Issue(known.device, request));
  MW_TRY(const Certificate certificate, Certificate::FromPem(issued.certificate));
  MW_TRY(const int64_t marked,
         database_->Run("UPDATE certificates SET successor = $1 WHERE serial = $2 AND successor "
                        "IS NULL AND revoked_ns IS NULL",
                        {certificate.Serial(), old.Serial()}));
  if (marked != 1) return Fail(Errc::kConflict, "enrolment: renewed or revoked meanwhile");
  MW_TRY(Note(known.device, "renewed", known.device, certificate.Serial()));
  MW_TRY(transaction.Commit());
  return issued;
}

Result<Enrolment::Known> Enrolment::Find(std::string_view serial) {
  Known known;
  MW_TRY(const bool found,
         database_->First("SELECT device, key_sha256, successor, expires_ns, revoked_ns IS NOT "
                          "NULL FROM certificates WHERE serial = $1",
                          {serial}, [&](const store::Row& row) {
                            known = {.device = std::string(row.Text(0)),
                                     .key = std::string(row.Text(1)),
                                     .successor = std::string(row.Text(2)),
                                     .until = row.Int(3),
                                     .revoked = row.Int(4) != 0};
                          }));
  if (!found) return Fail(Errc::kInvalid, "enrolment: this hub did not issue that certificate");
  return known;
}

Result<std::vector<std::string>> Enrolment::Good(std::string_view device) {
  std::vector<std::string> serials;
  MW_TRY(database_->Each(
      "SELECT serial FROM certificates WHERE device = $1 AND revoked_ns IS NULL AND expires_ns > "
      "$2",
      {device, clock_.Utc() - options_.grace},
      [&](const store::Row& row) { serials.emplace_back(row.Text(0)); }));
  return serials;
}

Result<std::vector<std::string>> Enrolment::RevokeAll(std::string_view device,
                                                      std::string_view why) {
  MW_TRY(auto serials, Good(device));
  for (const std::string& serial : serials)
    MW_TRY(database_->Run("UPDATE certificates SET revoked_ns = $1, reason = $2 WHERE serial = $3",
                          {clock_.Utc(), why.substr(0, kReasonMax), serial}));
  return serials;
}

Result<std::vector<std::string>> Enrolment::Revoke(std::string_view device, std::string_view who,
                                                   std::string_view why) {
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(auto serials, RevokeAll(device, why));
  // Tokens that wait for this device's name could be what was stolen.
  MW_TRY(const int64_t tokens,
         database_->Run("UPDATE enrol_tokens SET expires_ns = 0 WHERE device = $1 AND used_ns IS "
                        "NULL AND expires_ns > 0",
                        {device}));
  if (serials.empty() && tokens == 0)
    return Fail(Errc::kNotFound, "enrolment: " + std::string(device) + " has no certificate");
  MW_TRY(Note(who, "revoked", device, why));
  MW_TRY(transaction.Commit());
  return serials;
}

Result<CertificateEnds> Enrolment::Ends() {
  const MutexLock lock(mutex_);
  const Nanos now = clock_.Utc();
  CertificateEnds out;
  MW_TRY(database_->Each(
      "SELECT MAX(expires_ns) FROM certificates WHERE revoked_ns IS NULL AND successor IS NULL "
      "GROUP BY device",
      {}, [&](const store::Row& row) {
        const Nanos end = row.Int(0);
        ++out.devices;
        if (out.soonest == 0 || end < out.soonest) out.soonest = end;
        if (end <= now) {
          ++out.ended;
          return;
        }
        out.within_1d += end - now <= kDay ? 1 : 0;
        out.within_7d += end - now <= 7 * kDay ? 1 : 0;
        out.within_30d += end - now <= 30 * kDay ? 1 : 0;
      }));
  return out;
}

Result<std::vector<DeviceCertificate>> Enrolment::List() {
  const MutexLock lock(mutex_);
  std::vector<DeviceCertificate> out;
  MW_TRY(database_->Each(
      "SELECT serial, device, issued_ns, expires_ns, revoked_ns, successor IS NOT NULL, reason "
      "FROM certificates ORDER BY issued_ns DESC, serial LIMIT 10000",
      {}, [&](const store::Row& row) {
        out.push_back({.serial = std::string(row.Text(0)),
                       .device = std::string(row.Text(1)),
                       .issued = row.Int(2),
                       .until = row.Int(3),
                       .revoked = row.Int(4),
                       .renewed = row.Int(5) != 0,
                       .reason = std::string(row.Text(6))});
      }));
  return out;
}

Result<std::string> Enrolment::MakeRevocationList() {
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  std::vector<crypto::Revocation> revoked;
  MW_TRY(database_->Each(
      "SELECT serial, revoked_ns FROM certificates WHERE revoked_ns IS NOT NULL AND expires_ns > "
      "$1",
      {now - kClockSlack}, [&](const store::Row& row) {
        revoked.push_back({std::string(row.Text(0)), row.Int(1)});
      }));
  int64_t number = 0;
  Nanos from = 0;
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(
      database_->First("SELECT number, from_ns FROM revocation_lists ORDER BY number DESC LIMIT "
                       "1",
                       {}, [&](const store::Row& row) {
                         number = row.Int(0);
                         from = row.Int(1);
                       }));
  // A broker that has read several keeps them all and believes the one with the latest time, whole
  // seconds: each list is later than the one before, and none lies in the future.
  from = std::max(now - kClockSlack, from + kSecond);
  ++number;
  MW_TRY(database_->Run("DELETE FROM revocation_lists", {}));
  MW_TRY(database_->Run("INSERT INTO revocation_lists (number, from_ns) VALUES ($1, $2)",
                        {number, from}));
  MW_TRY(std::string pem,
         authority_.RevocationList(revoked, number, from, authority_.certificate().Until()));
  MW_TRY(transaction.Commit());
  return pem;
}

Result<void> Enrolment::Note(std::string_view who, std::string_view what, std::string_view subject,
                             std::string_view detail) {
  return store::WriteAudit(*database_, clock_.Utc(),
                           {.who = who, .what = what, .subject = subject, .detail = detail});
}

}  // namespace millwright::hub
