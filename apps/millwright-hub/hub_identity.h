// The part of the hub that knows who is who: its authority, tokens and sessions, and the door of
// its API.
#pragma once

#include <memory>

#include "core/result.h"
#include "hub/api/access_gate.h"
#include "hub/api/identity_routes.h"
#include "hub/api/label_routes.h"
#include "hub/identity/access.h"
#include "hub/identity/doorman.h"
#include "hub/identity/enrolment.h"
#include "hub_config.h"
#include "metrics/registry.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::hub {

class HubIdentity {
 public:
  /// The database is migrated already. Makes the authority and the first admin's token where there
  /// are none. Borrows the clock.
  [[nodiscard]] static Result<std::unique_ptr<HubIdentity>> Make(const HubConfig& config,
                                                                 os::Clock& clock);
  HubIdentity(const HubIdentity&) = delete;
  HubIdentity& operator=(const HubIdentity&) = delete;

  /// Adds the routes, and the gate before all of them.
  void AddTo(http::Router& router);
  /// Who judges alarms of a plant must be an operator there.
  [[nodiscard]] SiteGuard PlantGuard() const;
  [[nodiscard]] Result<void> Start();
  void Stop();
  /// When gateways' certificates end, as counts: the number of series does not grow with the fleet.
  void Refresh(metrics::Registry& registry) const;

 private:
  HubIdentity(const HubConfig& config, os::Clock& clock)
      : config_(config), clock_(clock), failures_(clock) {}
  [[nodiscard]] Result<void> OpenAuthority();
  [[nodiscard]] Result<void> OpenAccess();
  [[nodiscard]] Result<void> MakeFirstToken();

  const HubConfig& config_;
  os::Clock& clock_;
  os::RealFiles files_;
  FailureLimit failures_;
  std::unique_ptr<Enrolment> enrolment_;  // null: no certificates
  std::unique_ptr<Doorman> doorman_;
  std::unique_ptr<Access> access_;  // null: access is open
  std::unique_ptr<People> people_;  // with access_
};

}  // namespace millwright::hub
