// Keeps a gateway's certificate alive: looks at the clock, asks the hub when two thirds of the life
// are over, tries again where that fails. One thread's; nobody waits for it.
#pragma once

#include <optional>
#include <random>
#include <string>

#include "crypto/certificate.h"
#include "identity/renewal.h"
#include "identity/standing.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::identity {

class Keeper {
 public:
  /// Borrows files and clock. `seed` spreads a fleet's renewals.
  Keeper(os::Files& files, os::Clock& clock, std::string folder, Ask ask, uint64_t seed);

  /// One turn, to be taken about once a second: asks where it is time. True: another certificate
  /// than before lies in the folder, and connections should be made anew.
  [[nodiscard]] bool Work();

  [[nodiscard]] Standing standing() const { return standing_; }
  /// When the certificate ends; 0: there is none.
  [[nodiscard]] Nanos until() const { return certificate_ ? certificate_->Until() : 0; }

 private:
  void Load();
  [[nodiscard]] bool TimeToAsk() const;
  [[nodiscard]] bool AskNow();
  void OnFailure(const Error& error);
  void Judge();
  [[nodiscard]] Nanos Life() const;
  [[nodiscard]] Nanos Spread(Nanos wait);  // half of it to all of it

  os::Clock& clock_;
  GatewayIdentity gateway_;
  const Ask ask_;
  std::mt19937_64 random_;
  std::optional<crypto::Certificate> certificate_;
  Nanos renew_at_ = 0;  // wall clock
  Nanos ask_from_ = 0;  // monotonic: not before, whatever the wall clock says
  int failures_ = 0;    // in a row
  bool refused_ = false;
  Standing standing_ = Standing::kGood;
};

}  // namespace millwright::identity
