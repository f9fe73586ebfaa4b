// The tables of the outbox and what is in them at start. Internal to this room.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/ids.h"
#include "core/result.h"
#include "core/time.h"
#include "outbox/sqlite.h"

namespace millwright::outbox {

/// What the `lane` table remembers. `last` never goes back, also when every record is gone.
struct LaneState {
  uint64_t last = 0;
  uint64_t acked = 0;
  uint64_t records = 0;
  uint64_t bytes = 0;
  uint64_t evicted = 0;
  bool operator==(const LaneState&) const = default;
};
using LaneStates = std::array<LaneState, kLanes>;

/// A record's row id: lane above, sequence below. Appending is then always at the end of its lane,
/// and one B-tree serves all lanes.
[[nodiscard]] constexpr int64_t RowId(Lane lane, uint64_t sequence) {
  return (static_cast<int64_t>(lane) << 60) | static_cast<int64_t>(sequence);
}
[[nodiscard]] constexpr uint64_t SequenceOf(int64_t row_id) {
  return static_cast<uint64_t>(row_id) & ((uint64_t{1} << 60) - 1);
}

/// Settings every connection needs: WAL, FULL, small caches.
[[nodiscard]] Result<void> Configure(Connection& connection);

/// Makes the tables where the database is new. kConflict: a database of another program;
/// kUnsupported: of a newer version of this one; kInternal: ours, but tables are missing.
[[nodiscard]] Result<void> EnsureSchema(Connection& connection);

/// Reads what was left behind; cheap however much waits. kInvalid: it contradicts itself.
[[nodiscard]] Result<uint64_t> LoadEpoch(Connection& connection);
[[nodiscard]] Result<LaneStates> LoadLanes(Connection& connection);

/// Guards a record against flipped bits that SQLite does not notice; covers its id and time too.
[[nodiscard]] uint32_t Checksum(int64_t row_id, Nanos ts, std::string_view payload);

}  // namespace millwright::outbox
