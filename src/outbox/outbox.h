// The durable outbox: what the gateway has accepted and the hub has not yet confirmed.
//
// A record is accepted when AppendBatch returns: it is then fsynced, has its identity (device,
// epoch, lane, sequence) for good, and stays until an Ack covers it. Nothing here believes an MQTT
// acknowledgement. Stored in SQLite: WAL, synchronous=FULL, one transaction per batch (group
// commit).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/result.h"
#include "core/time.h"
#include "os/clock.h"

namespace millwright::outbox {

/// What a caller hands over. `payload` is a serialised wire::Event without `lane` and `seq` (they
/// are known only once the record is accepted); the outbox does not look inside.
struct NewRecord {
  Lane lane = Lane::kFeatures;
  Nanos ts = 0;  // when it happened; names the time range of a gap if the record is ever evicted
  std::string payload;
};

/// An accepted record as it goes to the hub.
struct Record {
  Lane lane = Lane::kAlarm;
  uint64_t sequence = 0;
  Nanos ts = 0;
  std::string payload;
};

/// A named value that is written in the same transaction as the records it belongs to, e.g. up to
/// where a channel's readings are covered by them.
struct Mark {
  std::string key;
  std::string value;
};

struct OutboxOptions {
  /// By Lane. A record costs its payload plus kRecordOverheadBytes. Full features and raw lanes
  /// evict their oldest records; full alarm and health lanes refuse new ones.
  std::array<uint64_t, kLanes> bytes_max = {64u << 20, 16u << 20, 256u << 20, 128u << 20};
  size_t record_bytes_max = size_t{120} << 10;  // must fit an uplink batch
  std::string vfs = {};                         // SQLite VFS name; empty: the default one
};

inline constexpr uint64_t kRecordOverheadBytes = 32;

struct LaneStats {
  uint64_t last_sequence = 0;   // the newest sequence ever given, 0: none
  uint64_t acked_sequence = 0;  // the hub has everything up to here
  uint64_t records = 0;         // waiting
  uint64_t bytes = 0;           // waiting, overhead included
  uint64_t evicted = 0;         // records given up in this epoch, each inside a declared gap
  uint64_t refused = 0;         // records not accepted because the lane was full, since Open
};

struct OutboxStats {
  std::array<LaneStats, kLanes> lanes;
  uint64_t commits = 0;          // fsynced transactions since Open
  uint64_t disk_full = 0;        // batches refused because the disk was full, since Open
  uint64_t stale_acks = 0;       // acks of another epoch, since Open
  uint64_t damaged_records = 0;  // failed their checksum when read and became gaps, since Open
  uint64_t moved_aside = 0;      // damaged databases moved aside since Open

  [[nodiscard]] uint64_t records() const;
  [[nodiscard]] uint64_t bytes() const;
  [[nodiscard]] uint64_t evicted() const;
};

/// Thread-safe. Meant for one thread that appends (the recorder) and one that reads and acks (the
/// uplink); a read never waits for an append's fsync. Borrows the clock.
class Outbox {
 public:
  /// Opens or creates the outbox; its folder must exist. Takes the same time whatever waits inside.
  /// A damaged database is moved to "<path>.damaged-<utc>" and counted, and a new one begins under
  /// a new epoch with a gap record (cause "outbox_damaged") in the health lane. kConflict: another
  /// process has it open.
  [[nodiscard]] static Result<std::unique_ptr<Outbox>> Open(const std::string& path,
                                                            OutboxOptions options,
                                                            os::Clock& clock);
  virtual ~Outbox() = default;

  /// One durable transaction: all records and marks, or none. The sequences stand in the order of
  /// `records`; 0 means that this record was refused because its alarm or health lane is full
  /// (counted in `refused`). kExhausted: the disk is full; nothing was written, nothing is
  /// half-written, a later try may work. kInvalid: a record is empty or longer than
  /// record_bytes_max.
  [[nodiscard]] virtual Result<std::vector<uint64_t>> AppendBatch(
      std::span<const NewRecord> records, std::span<const Mark> marks = {}) = 0;
  /// A mark alone, durably.
  [[nodiscard]] virtual Result<void> PutMark(std::string_view key, std::string_view value) = 0;
  [[nodiscard]] virtual Result<std::optional<std::string>> GetMark(std::string_view key) = 0;
  /// All marks whose key starts with `prefix`, by key.
  [[nodiscard]] virtual Result<std::vector<Mark>> Marks(std::string_view prefix) = 0;

  /// Replaces `out` by the waiting records of a lane after `after_sequence`, oldest first: as many
  /// as fit into `bytes_max` of payload, at least one where one waits. Returns the epoch they
  /// belong to.
  [[nodiscard]] virtual Result<uint64_t> ReadUnacked(Lane lane, uint64_t after_sequence,
                                                     size_t bytes_max,
                                                     std::vector<Record>& out) = 0;
  /// The hub has everything of this lane up to `up_to`: deletes it. Acks of another epoch are
  /// ignored and counted, older ones change nothing. Not fsynced on its own: after a power cut
  /// acked records may be sent once more.
  [[nodiscard]] virtual Result<void> Ack(uint64_t epoch, Lane lane, uint64_t up_to) = 0;

  /// Drawn once when the database was made. Changes only when a damaged database is moved aside.
  [[nodiscard]] virtual uint64_t epoch() const = 0;
  [[nodiscard]] virtual OutboxStats stats() const = 0;
};

}  // namespace millwright::outbox
