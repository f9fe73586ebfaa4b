// enroll: how a gateway comes by its certificate and keeps it. Its key is made here and stays here.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "baseline_files.h"
#include "commands.h"
#include "hub/identity/enrolment.h"
#include "hub_query.h"
#include "identity/renewal.h"
#include "output.h"

namespace millwright::cli {
namespace {

using identity::GatewayIdentity;

struct EnrollOptions {
  std::string folder = "/etc/millwright/identity";
  std::string state = "/var/lib/millwright";
  bool renew = false;
  bool force = false;
};

constexpr std::string_view kEnrollHint =
    "millwright enroll-token DEVICE, on the hub's side, gives a token";

Result<crypto::Certificate> CertificateIn(const nlohmann::json& answer, const char* key) {
  return crypto::Certificate::FromPem(TextOf(answer, key));
}

// Nobody beside the way there can read the token: TLS, or a way that does not leave this machine.
bool IsSheltered(const std::string& url) {
  return url.starts_with("https://") || url.starts_with("http://127.0.0.1:") ||
         url.starts_with("http://localhost:");
}

// The hub is not known yet: the token says whose authority it must show.
Result<crypto::Certificate> PinnedAuthority(const Context& context, const std::string& expected) {
  MW_TRY(auto hub, HubClient::Make(context.hub, {.blind = true}));
  MW_TRY(const std::string body, hub->Get("/api/v1/authority"));
  MW_TRY(const nlohmann::json answer, ParseObject(body, "hub: /api/v1/authority"));
  MW_TRY(crypto::Certificate authority, CertificateIn(answer, "certificate"));
  if (authority.Fingerprint() != expected)
    return Fail(Errc::kInvalid, "enroll: " + context.hub +
                                    " is not the hub that the token is from: its authority is "
                                    "another one");
  return authority;
}

Result<std::string> Post(const Context& context, const GatewayIdentity& gateway,
                         const std::string& path, const std::string& body) {
  HubTrust trust;
  trust.ca_file = context.ca_file.empty() ? gateway.AuthorityFile() : context.ca_file;
  MW_TRY(auto hub, HubClient::Make(context.hub, trust));
  return hub->Post(path, body);
}

void Say(const Context& context, const crypto::Certificate& certificate, bool changed,
         int64_t renew_from_ms, const GatewayIdentity& gateway, size_t baselines = 0) {
  const int64_t until_ms = certificate.Until() / kMillisecond;
  if (context.json)
    return FlatJson()
        .Set("device", certificate.Name())
        .Set("changed", changed)
        .Set("serial", certificate.Serial())
        .Set("until_ms", until_ms)
        .Set("renew_from_ms", renew_from_ms)
        .Set("file", gateway.IdentityFile())
        .Set("baselines", static_cast<int64_t>(baselines))
        .Print();
  std::printf("%s: %s, good until %s, renewed from %s on\n", gateway.IdentityFile().c_str(),
              certificate.Name().c_str(), ShortUtc(until_ms).c_str(),
              ShortUtc(renew_from_ms).c_str());
  if (baselines > 0)
    std::printf("what is normal for its machines came along: %zu baselines\n", baselines);
}

Result<void> Enroll(const EnrollOptions& options, const Context& context) {
  MW_TRY(const hub::TokenText token, hub::TokenText::Parse(context.token));
  if (!IsSheltered(context.hub))
    return Fail(Errc::kInvalid, "enroll: the hub's address must begin with https://");
  os::RealFiles files;
  GatewayIdentity gateway(files, options.folder);
  MW_TRY(const crypto::Certificate authority, PinnedAuthority(context, token.authority));
  MW_TRY(gateway.WriteAuthority(authority));
  MW_TRY(const crypto::PrivateKey key, gateway.NextKey());
  MW_TRY(const auto request, crypto::CertificateRequest::Make(key));
  const nlohmann::json body = {{"token", token.secret}, {"request", request.Pem()}};
  MW_TRY(const std::string text, Post(context, gateway, "/api/v1/enroll", body.dump()));
  MW_TRY(const nlohmann::json answer, ParseObject(text, "hub: /api/v1/enroll"));
  MW_TRY(const crypto::Certificate certificate, CertificateIn(answer, "certificate"));
  if (!certificate.IssuedBy(authority))
    return Fail(Errc::kInvalid, "enroll: the certificate is not of the token's authority");
  // Before the certificate is taken over: until then the token can be used again.
  MW_TRY(const size_t baselines, TakeBaselines(files, options.state, answer));
  MW_TRY(gateway.Adopt(key, certificate));
  Say(context, certificate, true, IntegerOf(answer, "renew_from_ms"), gateway, baselines);
  return {};
}

Result<void> RenewNow(const EnrollOptions& options, const Context& context) {
  os::RealFiles files;
  GatewayIdentity gateway(files, options.folder);
  const auto ask = [&](const std::string& path, const std::string& body) {
    return Post(context, gateway, path, body);
  };
  MW_TRY(const auto renewal, identity::Renew(gateway, ask, options.force));
  Say(context, renewal.certificate, renewal.changed, renewal.renew_from / kMillisecond, gateway);
  return {};
}

}  // namespace

void ConfigureEnrol(CLI::App& command, Context& context) {
  const auto options = std::make_shared<EnrollOptions>();
  command.add_option("--dir", options->folder, "Where key and certificate are kept")
      ->capture_default_str();
  command
      .add_option("--state", options->state,
                  "The agent's state folder: what a replaced gateway had learned goes there")
      ->capture_default_str();
  CLI::Option* renew = command.add_flag("--renew", options->renew,
                                        "Renew the certificate where the hub says that it is time");
  command.add_flag("--force", options->force, "Renew it also before its time")->needs(renew);
  command.callback([&context, options] {
    const Result<void> done =
        options->renew ? RenewNow(*options, context) : Enroll(*options, context);
    if (done) return;
    if (done.error().code == Errc::kUnavailable) return FailFromHub(context, done.error());
    FailWith(context, done.error(), options->renew ? "" : kEnrollHint);
  });
}

}  // namespace millwright::cli
