// Which events are here: identity, duplicates, holes. Every row goes through this door, so that "0
// lost, 0 twice" is one file's duty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

/// SQL has no unsigned 64-bit number: an epoch is stored as the signed number of the same bits.
[[nodiscard]] inline int64_t ToSql(uint64_t bits) { return static_cast<int64_t>(bits); }
[[nodiscard]] inline uint64_t FromSql(int64_t number) { return static_cast<uint64_t>(number); }

struct NewEvent {
  int64_t lane = 0;
  int64_t sequence = 0;
  std::string_view kind, asset, payload;
  Nanos ts = 0;
};

struct LaneMark {
  int64_t lane = 0;
  int64_t contiguous = 0;
};

/// The books of one (device, epoch) within one transaction of `database`. Holds nothing between
/// transactions, so any worker may take the next batch.
class Ledger {
 public:
  enum class Verdict : uint8_t { kNew, kKnown, kConflict };

  Ledger(store::Database& database, std::string_view device, uint64_t epoch, Nanos received)
      : database_(database), device_(device), epoch_(ToSql(epoch)), received_(received) {}

  /// Call first: makes rows for a device's new epoch.
  [[nodiscard]] Result<void> Begin();
  /// Inserts the event unless its id is known; a known id with other content is a conflict and
  /// stays as it was.
  [[nodiscard]] Result<Verdict> Insert(const NewEvent& event);
  /// The device declares that it evicted these before they were delivered: they count as present.
  [[nodiscard]] Result<void> Evict(int64_t lane, int64_t from, int64_t to);
  struct Forgotten {
    int64_t from = 0, to = 0;  // sequences
    int64_t missing = 0;       // of these, neither here nor evicted by the device
    Nanos after = 0;           // when the last event before them happened; 0: there is none
  };
  /// The device deleted the lane up to `acked`, because a hub had acked it. Where this database has
  /// less, it is a copy from before that ack, and what is missing comes no more: from now on it
  /// counts as present, as what was evicted does. Nothing where the database has it all.
  [[nodiscard]] Result<std::optional<Forgotten>> Forget(int64_t lane, int64_t acked);
  /// Moves each touched lane's mark over everything present, stores it, and returns the marks of
  /// all lanes of this epoch. What the device may delete, once the transaction is committed.
  [[nodiscard]] Result<std::vector<LaneMark>> Finish();

 private:
  struct LaneBook {
    bool touched = false;
    bool exists = false;
    int64_t contiguous = 0, max_seq = 0, stored = 0, purged = 0;
  };
  [[nodiscard]] Result<void> Advance(int64_t lane, LaneBook& book);
  [[nodiscard]] Result<Verdict> CompareKnown(const NewEvent& event);

  store::Database& database_;
  const std::string device_;
  const int64_t epoch_;
  const Nanos received_;
  LaneBook books_[kLanes];
};

}  // namespace millwright::hub
