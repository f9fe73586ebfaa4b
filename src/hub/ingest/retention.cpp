#include "hub/ingest/retention.h"

#include <string>
#include <vector>

#include "core/ids.h"

namespace millwright::hub {
namespace {

using store::Row;

struct LaneKey {
  std::string device;
  int64_t epoch = 0, lane = 0, contiguous = 0, purged = 0;
};

Result<std::vector<LaneKey>> Lanes(store::Database& database, int64_t lane) {
  std::vector<LaneKey> keys;
  MW_TRY(database.Each(
      "SELECT device, epoch, lane, contiguous, purged FROM lanes WHERE lane = $1", {lane},
      [&](const Row& row) {
        keys.push_back({std::string(row.Text(0)), row.Int(1), row.Int(2), row.Int(3), row.Int(4)});
      }));
  return keys;
}

// The last sequence that may go: contiguous from the lane's begin, at most `rows` rows, all
// received before the time.
Result<int64_t> LastToGo(store::Database& database, const LaneKey& key, Nanos received_before,
                         int rows) {
  int64_t last = 0;
  bool stop = false;
  MW_TRY(database.Each(
      "SELECT seq, received_ns FROM events WHERE device = $1 AND epoch = $2 AND lane = $3 AND "
      "seq > $4 AND seq <= $5 ORDER BY seq LIMIT $6",
      {key.device, key.epoch, key.lane, key.purged, key.contiguous, rows}, [&](const Row& row) {
        stop = stop || row.Int(1) >= received_before;
        if (!stop) last = row.Int(0);
      }));
  return last;
}

Result<int64_t> Delete(store::Database& database, const LaneKey& key, int64_t last) {
  MW_TRY(const int64_t gone,
         database.Run(
             "DELETE FROM events WHERE device = $1 AND epoch = $2 AND lane = $3 AND seq <= $4",
             {key.device, key.epoch, key.lane, last}));
  MW_TRY(database.Run(
      "DELETE FROM feature_batches WHERE device = $1 AND epoch = $2 AND lane = $3 AND seq <= $4",
      {key.device, key.epoch, key.lane, last}));
  MW_TRY(database.Run("UPDATE lanes SET purged = $1 WHERE device = $2 AND epoch = $3 AND lane = $4",
                      {last, key.device, key.epoch, key.lane}));
  return gone;
}

}  // namespace

Retention::Retention(store::Database& database, os::Clock& clock, metrics::Registry& registry,
                     RetentionOptions options)
    : database_(database),
      clock_(clock),
      options_(options),
      purged_(registry.AddCounter("millwright_hub_purged_events_total",
                                  "Events that retention let go.")) {}

Result<void> Retention::Step() {
  if (clock_.Monotonic() < next_) return {};
  next_ = clock_.Monotonic() + options_.period;
  MW_TRY(store::Transaction transaction, database_.Begin());
  MW_TRY(const int64_t gone, Purge(clock_.Utc()));
  MW_TRY(transaction.Commit());
  purged_.Add(static_cast<uint64_t>(gone));
  if (gone > 0) next_ = clock_.Monotonic() + 100 * kMillisecond;
  return {};
}

Result<int64_t> Retention::Purge(Nanos now) {
  int64_t gone = 0;
  for (const Lane lane : {Lane::kFeatures, Lane::kRaw}) {
    MW_TRY(const int64_t count,
           PurgeLane(static_cast<int64_t>(lane), now - options_.telemetry_max));
    gone += count;
  }
  MW_TRY(const int64_t health,
         PurgeLane(static_cast<int64_t>(Lane::kHealth), now - options_.health_max));
  MW_TRY(database_.Run("DELETE FROM feature_minutes WHERE minute < $1",
                       {(now - options_.minutes_max) / (60 * kSecond)}));
  MW_TRY(const int64_t bytes, database_.BytesUsed());
  gone += health;
  if (bytes <= options_.database_bytes_max) return gone;
  MW_TRY(const int64_t oldest, PurgeOldestTelemetry());
  return gone + oldest;
}

Result<int64_t> Retention::PurgeLane(int64_t lane, Nanos received_before) {
  MW_TRY(const std::vector<LaneKey> keys, Lanes(database_, lane));
  int64_t gone = 0;
  for (const LaneKey& key : keys) {
    MW_TRY(const int64_t last, LastToGo(database_, key, received_before, options_.rows_at_once));
    if (last == 0) continue;
    MW_TRY(const int64_t count, Delete(database_, key, last));
    gone += count;
  }
  return gone;
}

// Beyond the byte limit the oldest telemetry goes, whatever its age: of each lane what arrived in
// the oldest tenth of the time that the telemetry spans.
Result<int64_t> Retention::PurgeOldestTelemetry() {
  Nanos oldest = 0;
  Nanos newest = 0;
  MW_TRY(database_.Each("SELECT MIN(received_ns), MAX(received_ns) FROM feature_batches", {},
                        [&](const Row& row) {
                          oldest = row.Int(0);
                          newest = row.Int(1);
                        }));
  const Nanos before = oldest + (newest - oldest) / 10 + 1;
  MW_TRY(const int64_t features, PurgeLane(static_cast<int64_t>(Lane::kFeatures), before));
  MW_TRY(const int64_t raw, PurgeLane(static_cast<int64_t>(Lane::kRaw), before));
  return features + raw;
}

}  // namespace millwright::hub
