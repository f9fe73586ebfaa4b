// The sites' maintenance windows, in the database and at hand.
#pragma once

#include <memory>
#include <string>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/rollout/windows.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

/// Thread-safe: delivery asks it for every gateway, the API changes it.
class Maintenance {
 public:
  /// Owns its connection; borrows zones and clock.
  Maintenance(std::unique_ptr<store::Database> database, Zones& zones, os::Clock& clock)
      : database_(std::move(database)), zones_(zones), clock_(clock) {}

  /// What the database knows. Windows whose zone is gone from the system are kept as never open,
  /// rather than as always open, and named in the log.
  [[nodiscard]] Result<void> Load();
  /// Takes the place of what the site had; none at all: it takes what comes at any time.
  /// kInvalid: no such zone.
  [[nodiscard]] Result<void> Set(const SiteWindows& windows, const std::string& who);

  /// As they are now. Shared: whoever looked keeps what it saw.
  [[nodiscard]] std::shared_ptr<const Calendars> calendars() const;

 private:
  [[nodiscard]] Result<void> Write(const SiteWindows& windows, const std::string& who)
      MW_REQUIRES(writing_);

  // Delivery asks for the calendars inside its transactions: nobody may hold mutex_ while waiting
  // for the database.
  Mutex writing_;  // taken first
  mutable Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  Zones& zones_;
  os::Clock& clock_;
  std::shared_ptr<const Calendars> calendars_ MW_GUARDED_BY(mutex_) =
      std::make_shared<const Calendars>();
};

}  // namespace millwright::hub
