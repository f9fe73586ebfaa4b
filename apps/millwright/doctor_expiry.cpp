// What expires, with the days that are left: certificates and the documents that say what may be
// installed.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <charconv>
#include <memory>

#include "core/time.h"
#include "crypto/certificate.h"
#include "doctor.h"
#include "hub_query.h"
#include "identity/gateway_identity.h"
#include "identity/standing.h"
#include "os/clock.h"
#include "output.h"

namespace millwright::cli {
namespace {

constexpr Nanos kDoctorDay = 86'400 * kSecond;
constexpr int64_t kServerDaysLow = 30;
constexpr int kDialSeconds = 3;
constexpr std::string_view kExpiryGauge = "millwright_trust_expires_seconds{role=\"";

template <auto function>
struct Frees {
  template <typename T>
  void operator()(T* object) const {
    function(object);
  }
};
using TlsContext = std::unique_ptr<SSL_CTX, Frees<SSL_CTX_free>>;
using Bio = std::unique_ptr<BIO, Frees<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Frees<X509_free>>;

std::string DaysText(int64_t days) {
  if (days < 0) return std::to_string(-days) + (days == -1 ? " day ago" : " days ago");
  return std::to_string(days) + (days == 1 ? " day left" : " days left");
}

// Whole days, rounded down: 23 hours are none.
int64_t DaysUntil(Nanos until, Nanos now) {
  const Nanos left = until - now;
  return left >= 0 ? left / kDoctorDay : -((-left + kDoctorDay - 1) / kDoctorDay);
}

// Only looks: whether to believe the hub is another check's question.
Result<crypto::Certificate> ServerCertificate(const std::string& host_and_port) {
  const auto cannot = [&] {
    ERR_clear_error();
    return Fail(Errc::kUnavailable, "no TLS connection to " + host_and_port);
  };
  const TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return cannot();
  const Bio connection(BIO_new_ssl_connect(context.get()));
  if (!connection || BIO_set_conn_hostname(connection.get(), host_and_port.c_str()) != 1 ||
      BIO_do_connect_retry(connection.get(), kDialSeconds, 20) != 1)
    return cannot();
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  const X509Ptr shown(ssl != nullptr ? SSL_get1_peer_certificate(ssl) : nullptr);
  const Bio memory(BIO_new(BIO_s_mem()));
  if (!shown || !memory || PEM_write_bio_X509(memory.get(), shown.get()) != 1) return cannot();
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return crypto::Certificate::FromPem(std::string_view(text, static_cast<size_t>(size)));
}

// "host:port" of an https address, empty of another.
std::string TlsAddress(const std::string& url) {
  constexpr std::string_view kHead = "https://";
  if (!url.starts_with(kHead)) return "";
  const std::string rest = url.substr(kHead.size(), url.find('/', kHead.size()) - kHead.size());
  const size_t bracket = rest.rfind(']');
  const size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
  return colon == std::string::npos ? rest + ":443" : rest;
}

}  // namespace

std::vector<RoleExpiry> RolesIn(std::string_view metrics) {
  std::vector<RoleExpiry> roles;
  for (size_t at = metrics.find(kExpiryGauge); at != std::string_view::npos;
       at = metrics.find(kExpiryGauge, at + 1)) {
    const std::string_view line = metrics.substr(at, metrics.find('\n', at) - at);
    const size_t name = kExpiryGauge.size();
    const size_t quote = line.find('"', name);
    const size_t space = line.find(' ');
    double seconds = 0;
    if (quote == std::string_view::npos || space == std::string_view::npos ||
        std::from_chars(line.data() + space + 1, line.data() + line.size(), seconds).ec !=
            std::errc())
      continue;
    roles.push_back(
        {std::string(line.substr(name, quote - name)), DaysUntil(FromSeconds(seconds), 0)});
  }
  return roles;
}

// By this machine's clock, which CheckClock looks at: the hub goes by its own.
Finding CheckIdentity(const std::string& folder) {
  os::RealFiles files;
  const auto read = identity::GatewayIdentity(files, folder).Read();
  if (!read)
    return {"identity", Health::kBad, read.error().what,
            "millwright enroll, with a token from the hub's side"};
  const crypto::Certificate& certificate = read->certificate;
  const Nanos now = os::RealClock().Utc();
  Finding finding{"identity", Health::kGood,
                  certificate.Name() + ", good until " +
                      ShortUtc(certificate.Until() / kMillisecond) + ", " +
                      DaysText(DaysUntil(certificate.Until(), now)),
                  ""};
  // The agent spreads its renewals over a thirtieth of the life, and may have to try again.
  const Nanos life = certificate.Until() - certificate.From();
  const Nanos due = identity::RenewFrom(certificate.From(), certificate.Until()) + life / 20;
  if (now <= due) return finding;
  const bool over = now > certificate.Until();
  finding.health = over ? Health::kBad : Health::kAttention;
  finding.what += over ? ": that is over" : "; it should have been renewed by now";
  finding.fix =
      "does [identity] in agent.toml name the hub, and does the hub answer? By hand: "
      "millwright enroll --renew";
  return finding;
}

Finding CheckHubCertificate(const std::string& url) {
  const std::string address = TlsAddress(url);
  if (address.empty())
    return {"hub cert", Health::kSkipped, url + " has none", "--hub https://HOST:PORT"};
  const auto certificate = ServerCertificate(address);
  if (!certificate)
    return {"hub cert", Health::kBad, certificate.error().what, std::string(kHubHint)};
  const int64_t days = DaysUntil(certificate->Until(), os::RealClock().Utc());
  Finding finding{"hub cert", Health::kGood,
                  certificate->Name() + ", good until " +
                      ShortUtc(certificate->Until() / kMillisecond) + ", " + DaysText(days),
                  ""};
  if (days >= kServerDaysLow) return finding;
  finding.health = days < 0 ? Health::kBad : Health::kAttention;
  finding.fix = "give the hub another one ([http] cert_file, key_file) and restart it";
  return finding;
}

Finding CheckTrust(const std::string& url, const HubTrust& trust) {
  const auto skipped = [](std::string why, std::string fix) {
    return Finding{"trust", Health::kSkipped, std::move(why), std::move(fix)};
  };
  auto hub = HubClient::Make(url, trust);
  if (!hub) return skipped("no hub to ask", "--hub https://HOST:PORT");
  const auto metrics = (*hub)->Get("/metrics");
  if (!metrics)
    return skipped(metrics.error().what, "the hub tells it to who has a token: --token");
  const std::vector<RoleExpiry> roles = RolesIn(*metrics);
  if (roles.empty())
    return skipped("this hub delivers nothing", "[delivery] repository in hub.toml");
  Finding finding{"trust", Health::kGood, "", ""};
  for (const RoleExpiry& role : roles) {
    finding.what += (finding.what.empty() ? "" : ", ") + role.role + " " + DaysText(role.days);
    if (role.days < 0) finding.health = Health::kBad;
  }
  if (finding.health == Health::kBad) finding.fix = "millwright keys sign, with that role's keys";
  const auto ready = (*hub)->Get("/readyz");
  const auto answer = ready ? ParseObject(*ready, "hub") : Result<nlohmann::json>(nullptr);
  if (!answer || !answer->is_object() || !answer->contains("warnings")) return finding;
  for (const nlohmann::json& warning : (*answer)["warnings"]) {
    if (!warning.is_string()) continue;
    if (finding.health == Health::kGood) finding.health = Health::kAttention;
    finding.fix += (finding.fix.empty() ? "" : "; ") + warning.get<std::string>();
  }
  return finding;
}

}  // namespace millwright::cli
