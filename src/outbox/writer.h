// The writing half of the outbox: one connection, every change a transaction. Internal to this
// room.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/gap.h"
#include "outbox/outbox.h"
#include "outbox/schema.h"
#include "outbox/sqlite.h"

namespace millwright::outbox {

/// What a transaction did; taken over by the caller once it is committed.
struct Applied {
  std::vector<uint64_t> sequences;
  LaneStates lanes;
  std::array<uint64_t, kLanes> refused{};
};

class Writer {
 public:
  /// Borrows the connection, which is configured and has the tables.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> Make(Connection& connection,
                                                            const OutboxOptions& options);

  /// As Outbox::AppendBatch. `now` stamps the gap records of evictions.
  [[nodiscard]] Result<Applied> Append(const LaneStates& lanes, std::span<const NewRecord> records,
                                       std::span<const Mark> marks, Nanos now);
  /// Deletes acked records, at most a thousand or so; `up_to` is reached when the result's `acked`
  /// says so.
  [[nodiscard]] Result<LaneStates> AckSome(const LaneStates& lanes, Lane lane, uint64_t up_to);
  /// Deletes one record that cannot be read and declares it as a gap.
  [[nodiscard]] Result<LaneStates> GiveUp(const LaneStates& lanes, Lane lane, uint64_t sequence,
                                          Nanos now);
  /// Declares a gap in the health lane.
  [[nodiscard]] Result<LaneStates> Declare(const LaneStates& lanes, const LostRange& lost,
                                           Nanos now);
  [[nodiscard]] Result<std::optional<std::string>> GetMark(std::string_view key);
  [[nodiscard]] Result<std::vector<Mark>> Marks(std::string_view prefix);

 private:
  Writer(Connection& connection, const OutboxOptions& options)
      : connection_(connection), options_(options) {}

  [[nodiscard]] Result<void> Prepare();
  enum class Sync : uint8_t { kUnknown, kAtCommit, kLater };
  template <typename Body>
  [[nodiscard]] Result<void> InTransaction(Sync sync, Body&& body);
  [[nodiscard]] Result<void> SetSync(Sync sync);
  [[nodiscard]] Result<uint64_t> Insert(LaneStates& lanes, Lane lane, Nanos ts,
                                        std::string_view payload);
  [[nodiscard]] Result<uint64_t> InsertOrRefuse(Applied& applied, const NewRecord& record,
                                                Nanos now);
  [[nodiscard]] Result<void> Evict(LaneStates& lanes, Lane lane, uint64_t bytes_wanted, Nanos now);
  [[nodiscard]] Result<void> InsertGap(LaneStates& lanes, const LostRange& lost, Nanos now);
  [[nodiscard]] Result<void> StoreLanes(const LaneStates& before, const LaneStates& after);
  [[nodiscard]] Result<void> PutMarks(std::span<const Mark> marks);

  Connection& connection_;
  const OutboxOptions options_;
  Sync sync_ = Sync::kUnknown;
  Statement insert_, oldest_, delete_range_, count_range_, store_lane_;
  Statement put_mark_, get_mark_, marks_;
};

}  // namespace millwright::outbox
