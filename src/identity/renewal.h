// A gateway's request for the next certificate: docs/formats/identity.md, "It stays".
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "crypto/certificate.h"
#include "identity/gateway_identity.h"

namespace millwright::identity {

/// Posts JSON to a path of the hub; the body of its answer. kUnavailable: nobody answers.
using Ask = std::function<Result<std::string>(const std::string& path, const std::string& body)>;

/// What the old key signs: it names the certificate that is replaced and the very request.
[[nodiscard]] std::string RenewalText(const crypto::Certificate& certificate,
                                      std::string_view request_pem);

struct Renewal {
  bool changed = false;             // a new one lies in the folder
  crypto::Certificate certificate;  // the one that counts now
  Nanos renew_from = 0;             // of it, by the hub's clock
};

/// Asks for a new certificate under a new key and takes it over. The hub decides by its clock
/// whether it is time; `force` asks for one before that. Repeated after any interruption it goes
/// on where it was: the same request gives the same certificate.
[[nodiscard]] Result<Renewal> Renew(GatewayIdentity& gateway, const Ask& ask, bool force = false);

}  // namespace millwright::identity
