// What the hub lets go, so that its disk is bounded. Oldest first, a little at a time, between
// other work.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "core/time.h"
#include "metrics/registry.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

struct RetentionOptions {
  Nanos telemetry_max = 30 * 86'400 * kSecond;  // lanes features and raw
  Nanos health_max = 90 * 86'400 * kSecond;     // lane health
  Nanos minutes_max = 400 * 86'400 * kSecond;   // the minutes that long ranges are drawn from
  int64_t database_bytes_max = int64_t{20} << 30;
  Nanos period = 10 * kSecond;
  int rows_at_once = 500;  // of one lane in one transaction
};

/// Owned by the thread that owns the writing connection. Lane alarm is never touched. Only rows
/// below a lane's contiguous mark go, and the lane remembers up to where ("purged"), so that an
/// event sent again is still known.
class Retention {
 public:
  Retention(store::Database& database, os::Clock& clock, metrics::Registry& registry,
            RetentionOptions options);

  /// Does a piece of work when the period has passed; at once again while there was something to
  /// do.
  [[nodiscard]] Result<void> Step();

 private:
  [[nodiscard]] Result<int64_t> Purge(Nanos now);
  [[nodiscard]] Result<int64_t> PurgeLane(int64_t lane, Nanos received_before);
  [[nodiscard]] Result<int64_t> PurgeOldestTelemetry();

  store::Database& database_;
  os::Clock& clock_;
  const RetentionOptions options_;
  metrics::Counter& purged_;
  Nanos next_ = 0;
};

}  // namespace millwright::hub
