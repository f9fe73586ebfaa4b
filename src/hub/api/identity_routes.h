// How gateways come by certificates, and people by tokens and sessions (docs/formats/identity.md).
#pragma once

#include "http/router.h"
#include "hub/api/access_gate.h"
#include "hub/identity/access.h"
#include "hub/identity/doorman.h"
#include "hub/identity/enrolment.h"
#include "hub/identity/people.h"

namespace millwright::hub {

struct IdentityParts {
  Enrolment* enrolment = nullptr;  // null: this hub issues no certificates
  Doorman* doorman = nullptr;      // with enrolment
  Access* access = nullptr;        // null: access is open
  People* people = nullptr;        // with access
  FailureLimit& failures;
  bool secure_cookies = false;  // the console is reached by HTTPS
};

/// Borrows the parts. What a hub does not have answers 409 and says which setting is missing.
void AddEnrolmentRoutes(http::Router& router, const IdentityParts& parts);
void AddAccessRoutes(http::Router& router, const IdentityParts& parts);
void AddPeopleRoutes(http::Router& router, const IdentityParts& parts);

}  // namespace millwright::hub
