// What a gateway keeps of itself: one file with its key and certificate, replaced whole, and the
// certificate of the hub's authority.
//
//   identity.pem  0600  key and certificate: cert_file and key_file of the agent's [uplink]
//   ca.pem              who vouches for the hub: ca_file
//   next.key      0600  while a request is under way: a repeated one is the same
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "crypto/certificate.h"
#include "os/files.h"

namespace millwright::identity {

struct Identity {
  crypto::PrivateKey key;
  crypto::Certificate certificate;
};

class GatewayIdentity {
 public:
  GatewayIdentity(os::Files& files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  [[nodiscard]] std::string IdentityFile() const { return folder_ + "/identity.pem"; }
  [[nodiscard]] std::string AuthorityFile() const { return folder_ + "/ca.pem"; }
  /// kNotFound before the first enrolment.
  [[nodiscard]] Result<Identity> Read();
  /// The key of the request that is under way, a new one where none is.
  [[nodiscard]] Result<crypto::PrivateKey> NextKey();
  [[nodiscard]] Result<void> WriteAuthority(const crypto::Certificate& authority);
  /// The next key becomes the key. kInvalid where the certificate is not for it.
  [[nodiscard]] Result<void> Adopt(const crypto::PrivateKey& key,
                                   const crypto::Certificate& certificate);
  [[nodiscard]] Result<void> ForgetNextKey() { return files_.Remove(NextFile()); }

 private:
  [[nodiscard]] std::string NextFile() const { return folder_ + "/next.key"; }
  os::Files& files_;
  const std::string folder_;
};

}  // namespace millwright::identity
