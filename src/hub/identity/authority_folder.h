// The folder that the hub's authority lives in: its key, what it vouches for on this machine, and
// the list of device certificates that were taken back.
//
//   ca.key      0600  the authority's key: whoever has it is any device
//   ca.pem            its certificate, which every gateway keeps
//   crl.pem           what the broker refuses
//   server.key  0600  the hub's own address over HTTPS, with server.pem
//   broker.key  0600  the broker's, with broker.pem
//   hub.key     0600  the hub as a client of the broker, with hub.pem
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "crypto/certificate.h"
#include "os/files.h"

namespace millwright::hub {

/// The hub's own name on its broker. A device's name cannot begin like this.
inline constexpr std::string_view kHubName = "@hub";

struct AuthorityFiles {
  std::string folder;
  [[nodiscard]] std::string Path(const char* name) const { return folder + "/" + name; }
};

/// Makes all files but crl.pem. `hosts`: addresses and names that hub and broker are reached by.
/// kConflict where there is an authority already.
///
/// All certificates are good from 1970 on, so that a gateway without a clock can check them, and as
/// long as the authority's: they lie beside its key, an earlier end would protect nothing.
[[nodiscard]] Result<crypto::Authority> MakeAuthorityFolder(os::Files& files,
                                                            const AuthorityFiles& at,
                                                            const std::vector<std::string>& hosts,
                                                            Nanos now);

/// kNotFound where there is none.
[[nodiscard]] Result<crypto::Authority> OpenAuthorityFolder(os::Files& files,
                                                            const AuthorityFiles& at);

}  // namespace millwright::hub
