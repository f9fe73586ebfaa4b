// How a gateway comes by its certificate, keeps it, and loses it. One-time tokens, renewal by proof
// of the key that is being replaced, revocation. docs/formats/identity.md says what goes over the
// wire.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "crypto/certificate.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

inline constexpr Nanos kDay = 86'400 * kSecond;

struct EnrolmentOptions {
  Nanos life = 90 * kDay;  // of a device's certificate; it is renewed after two thirds
  /// For so long after its end a certificate may still be renewed by who has its key: a gateway
  /// that was off for a year comes back by itself.
  Nanos grace = 400 * kDay;
  Nanos token_life_max = 30 * kDay;
};

struct TokenRequest {
  std::string device;
  Nanos life = 3600 * kSecond;
  bool replace = false;  // the device has a certificate; using the token takes that one back
  std::string who{};
};

/// The text that a person carries to the gateway: a secret, and what to trust in return.
struct TokenText {
  std::string secret;
  std::string authority;  // fingerprint of the authority's certificate
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] static Result<TokenText> Parse(std::string_view text);
};

struct DeviceCertificate {
  std::string serial, device;
  Nanos issued = 0, until = 0, revoked = 0;  // 0: not
  bool renewed = false;                      // a later one has taken its place
  std::string reason;
};

/// Of the certificates that count: one a gateway, neither renewed nor revoked.
struct CertificateEnds {
  int64_t devices = 0;
  int64_t ended = 0;                                     // already
  int64_t within_1d = 0, within_7d = 0, within_30d = 0;  // and not ended yet
  Nanos soonest = 0;  // end of the first to end, ended ones too; 0: none
};

/// What a gateway had learned of a machine, for the one that takes its place.
struct KeptBaseline {
  std::string asset, file, document;
  Nanos learned = 0;
};

struct Issued {
  std::string certificate;                // PEM; empty: not due yet
  Nanos renew_from = 0;                   // of this certificate, or of the one that is not due
  std::vector<std::string> revoked{};     // serials that went with it
  std::vector<KeptBaseline> baselines{};  // of the gateway that it replaces
};

struct RenewalRequest {
  std::string certificate;       // PEM, the one that is being replaced
  std::string request;           // PEM, for the new key
  std::vector<std::byte> proof;  // identity::RenewalText signed by the old key
  bool force = false;            // also before it is due
};

/// Thread-safe.
class Enrolment {
 public:
  /// Owns its connection; borrows the clock.
  Enrolment(std::unique_ptr<store::Database> database, crypto::Authority authority,
            os::Clock& clock, const EnrolmentOptions& options = {})
      : database_(std::move(database)),
        authority_(std::move(authority)),
        clock_(clock),
        options_(options) {}

  /// kConflict: the device has a certificate and `replace` is not said, or the other way round.
  [[nodiscard]] Result<TokenText> MakeToken(const TokenRequest& request);
  /// A certificate for the token's device, whatever the request names. Works once; who asks again
  /// with the same key gets the same certificate, so that an answer lost on the way costs nothing.
  /// kNotFound for a token that is unknown, expired or used by another key: which of these is not
  /// told.
  [[nodiscard]] Result<Issued> Enrol(std::string_view secret, std::string_view request_pem);
  /// kInvalid: not ours, or no proof; kConflict: revoked, too old, or renewed already with another
  /// key.
  [[nodiscard]] Result<Issued> Renew(const RenewalRequest& request);
  /// Takes back every certificate of the device; their serials. kNotFound where it has none.
  [[nodiscard]] Result<std::vector<std::string>> Revoke(std::string_view device,
                                                        std::string_view who, std::string_view why);
  /// Newest first.
  [[nodiscard]] Result<std::vector<DeviceCertificate>> List();
  [[nodiscard]] Result<CertificateEnds> Ends();
  /// The list that the broker checks, newer than each one before.
  [[nodiscard]] Result<std::string> MakeRevocationList();
  [[nodiscard]] const crypto::Certificate& authority() const { return authority_.certificate(); }

 private:
  struct Known {  // a row of certificates
    std::string device, key, successor;
    Nanos until = 0;
    bool revoked = false;
  };
  [[nodiscard]] Result<Issued> Issue(std::string_view device,
                                     const crypto::CertificateRequest& request) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<Issued> Again(std::string_view serial) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::vector<KeptBaseline>> BaselinesOf(std::string_view device)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<Known> Find(std::string_view serial) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::vector<std::string>> Good(std::string_view device) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::vector<std::string>> RevokeAll(std::string_view device,
                                                           std::string_view why)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<Issued> RenewKnown(const crypto::Certificate& old, const Known& known,
                                          const crypto::CertificateRequest& request, bool force)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Note(std::string_view who, std::string_view what,
                                  std::string_view subject, std::string_view detail)
      MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  const crypto::Authority authority_;
  os::Clock& clock_;
  const EnrolmentOptions options_;
};

}  // namespace millwright::hub
