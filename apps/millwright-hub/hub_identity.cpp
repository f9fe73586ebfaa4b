#include "hub_identity.h"

#include <limits>

#include <algorithm>

#include "core/log.h"
#include "hub/identity/authority_folder.h"

namespace millwright::hub {

Result<std::unique_ptr<HubIdentity>> HubIdentity::Make(const HubConfig& config, os::Clock& clock) {
  auto identity = std::unique_ptr<HubIdentity>(new HubIdentity(config, clock));
  if (config.identity.enabled()) {
    MW_TRY(identity->OpenAuthority());
  }
  if (config.access.required) {
    MW_TRY(identity->OpenAccess());
  } else {
    log::Warning("identity",
                 "access is open: whoever reaches this hub may change everything; for development "
                 "only, set access.required",
                 {{"listen", config.http.host}});
  }
  return identity;
}

Result<void> HubIdentity::OpenAuthority() {
  const AuthorityFiles at{config_.identity.folder};
  auto authority = OpenAuthorityFolder(files_, at);
  if (!authority && authority.error().code == Errc::kNotFound) {
    authority = MakeAuthorityFolder(files_, at, config_.identity.hosts, clock_.Utc());
    if (authority) log::Info("identity", "made an authority", {{"folder", at.folder}});
  }
  if (!authority) return tl::unexpected(authority.error());
  MW_TRY(auto database, store::Database::Open(config_.database));
  enrolment_ = std::make_unique<Enrolment>(std::move(database), std::move(*authority), clock_,
                                           EnrolmentOptions{.life = config_.identity.life});
  doorman_ =
      std::make_unique<Doorman>(*enrolment_, files_, clock_,
                                DoormanOptions{.list_file = at.Path("crl.pem"),
                                               .broker_pid_file = config_.identity.broker_pid_file,
                                               .broker = config_.broker});
  return {};
}

Result<void> HubIdentity::OpenAccess() {
  MW_TRY(auto database, store::Database::Open(config_.database));
  access_ = std::make_unique<Access>(std::move(database), clock_);
  MW_TRY(auto for_people, store::Database::Open(config_.database));
  people_ = std::make_unique<People>(std::move(for_people), clock_);
  MW_TRY(const auto tokens, access_->List());
  const bool has_admin = std::any_of(tokens.begin(), tokens.end(), [&](const AccessToken& token) {
    return token.role == Role::kAdmin && token.revoked == 0 &&
           (token.expires == 0 || token.expires > clock_.Utc());
  });
  if (!has_admin) {
    MW_TRY(MakeFirstToken());
  }
  return {};
}

Result<void> HubIdentity::MakeFirstToken() {
  const std::string& path = config_.access.first_token_file;
  MW_TRY(const MadeToken token,
         access_->Add({.name = "first-admin", .role = Role::kAdmin, .who = "hub"}));
  MW_TRY(os::WriteSecret(files_, path, os::AsBytes(token.secret + "\n")));
  log::Info("identity", "nobody could come in: an admin's token is in a file",
            {{"file", path}, {"id", token.id}});
  return {};
}

void HubIdentity::AddTo(http::Router& router) {
  const IdentityParts parts{.enrolment = enrolment_.get(),
                            .doorman = doorman_.get(),
                            .access = access_.get(),
                            .people = people_.get(),
                            .failures = failures_,
                            .secure_cookies = !config_.http.tls.certificate.empty()};
  AddEnrolmentRoutes(router, parts);
  AddAccessRoutes(router, parts);
  AddPeopleRoutes(router, parts);
  router.SetGate(AccessGate(access_.get(), failures_));
}

SiteGuard HubIdentity::PlantGuard() const {
  return [access = access_.get()](const http::Request& request,
                                  const std::vector<std::string>& sites) {
    return RefuseAt(access, request, sites, Role::kOperator);
  };
}

Result<void> HubIdentity::Start() {
  if (doorman_ == nullptr) return {};
  return doorman_->Start();
}

void HubIdentity::Stop() {
  if (doorman_ != nullptr) doorman_->Stop();
}

void HubIdentity::Refresh(metrics::Registry& registry) const {
  if (!enrolment_) return;
  const auto ends = enrolment_->Ends();
  if (!ends) return;  // the database tells of itself
  const auto count = [&](const char* within, int64_t value) {
    registry
        .AddGauge("millwright_certificates_expiring",
                  "Gateways whose certificate ends within so long and has not ended yet.",
                  {{"within", within}})
        .Set(static_cast<double>(value));
  };
  count("1d", ends->within_1d);
  count("7d", ends->within_7d);
  count("30d", ends->within_30d);
  registry.AddGauge("millwright_certificates_ended", "Gateways whose certificate has ended.")
      .Set(static_cast<double>(ends->ended));
  registry.AddGauge("millwright_certificates", "Gateways with a certificate that is not revoked.")
      .Set(static_cast<double>(ends->devices));
  metrics::Gauge& first =
      registry.AddGauge("millwright_certificate_expires_seconds",
                        "Until the first of these certificates ends; negative: since it did.");
  if (ends->soonest == 0) return first.Set(std::numeric_limits<double>::infinity());
  first.Set(static_cast<double>(ends->soonest - clock_.Utc()) / static_cast<double>(kSecond));
}

}  // namespace millwright::hub
