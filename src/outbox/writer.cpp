#include "outbox/writer.h"

#include <algorithm>

namespace millwright::outbox {
namespace {

constexpr int64_t kAckRowsMax =
    1024;  // rows deleted per transaction: an alarm never waits for a long one
constexpr int64_t kEvictRowsMax = 1 << 20;

uint64_t CostOf(size_t payload_bytes) { return payload_bytes + kRecordOverheadBytes; }

LaneState& StateOf(LaneStates& lanes, Lane lane) { return lanes[static_cast<size_t>(lane)]; }

bool MayEvict(Lane lane) { return lane == Lane::kFeatures || lane == Lane::kRaw; }

}  // namespace

Result<std::unique_ptr<Writer>> Writer::Make(Connection& connection, const OutboxOptions& options) {
  std::unique_ptr<Writer> writer(new Writer(connection, options));
  MW_TRY(writer->Prepare());
  return writer;
}

Result<void> Writer::Prepare() {
  struct Row {
    Statement& statement;
    const char* sql;
  };
  const Row rows[] = {
      {insert_, "INSERT INTO record(id,ts,checksum,payload) VALUES(?1,?2,?3,?4)"},
      {oldest_,
       "SELECT id, ts, length(payload) FROM record WHERE id>?1 AND id<=?2 ORDER BY id LIMIT ?3"},
      {delete_range_, "DELETE FROM record WHERE id>?1 AND id<=?2"},
      {count_range_,
       "SELECT coalesce(max(id),0), count(*), coalesce(sum(n),0) FROM"
       " (SELECT id, length(payload) AS n FROM record WHERE id>?1 AND id<=?2"
       " ORDER BY id LIMIT ?3)"},
      {store_lane_,
       "UPDATE lane SET last_seq=?2, acked_seq=?3, records=?4, bytes=?5, evicted=?6"
       " WHERE lane=?1"},
      {put_mark_,
       "INSERT INTO mark(key,value) VALUES(?1,?2)"
       " ON CONFLICT(key) DO UPDATE SET value=excluded.value"},
      {get_mark_, "SELECT value FROM mark WHERE key=?1"},
      {marks_, "SELECT key, value FROM mark WHERE substr(key,1,length(?1))=?1 ORDER BY key"},
  };
  for (const Row& row : rows) {
    MW_TRY(row.statement, connection_.Prepare(row.sql));
  }
  return {};
}

Result<void> Writer::SetSync(Sync sync) {
  if (sync_ == sync) return {};
  sync_ = Sync::kUnknown;
  MW_TRY(connection_.Execute(sync == Sync::kAtCommit ? "PRAGMA synchronous=FULL"
                                                     : "PRAGMA synchronous=NORMAL"));
  sync_ = sync;
  return {};
}

template <typename Body>
Result<void> Writer::InTransaction(Sync sync, Body&& body) {
  MW_TRY(SetSync(sync));
  auto done = connection_.Execute("BEGIN IMMEDIATE");
  if (done) done = body();
  if (done) done = connection_.Execute("COMMIT");
  if (!done) connection_.Rollback();
  return done;
}

Result<Applied> Writer::Append(const LaneStates& lanes, std::span<const NewRecord> records,
                               std::span<const Mark> marks, Nanos now) {
  Applied applied{.sequences = {}, .lanes = lanes};
  applied.sequences.reserve(records.size());
  const auto done = InTransaction(Sync::kAtCommit, [&]() -> Result<void> {
    for (const NewRecord& record : records) {
      MW_TRY(const uint64_t sequence, InsertOrRefuse(applied, record, now));
      applied.sequences.push_back(sequence);
    }
    MW_TRY(PutMarks(marks));
    return StoreLanes(lanes, applied.lanes);
  });
  MW_TRY(done);
  return applied;
}

Result<uint64_t> Writer::InsertOrRefuse(Applied& applied, const NewRecord& record, Nanos now) {
  const auto index = static_cast<size_t>(record.lane);
  const uint64_t limit = options_.bytes_max[index];
  const uint64_t cost = CostOf(record.payload.size());
  const uint64_t after = applied.lanes[index].bytes + cost;
  if (after > limit) {
    if (!MayEvict(record.lane) || cost > limit) {
      ++applied.refused[index];
      return uint64_t{0};
    }
    // A sixteenth more than needed, so that a long outage leaves few gap records instead of one per
    // record.
    MW_TRY(Evict(applied.lanes, record.lane, after - limit + limit / 16, now));
  }
  return Insert(applied.lanes, record.lane, record.ts, record.payload);
}

Result<uint64_t> Writer::Insert(LaneStates& lanes, Lane lane, Nanos ts, std::string_view payload) {
  LaneState& state = StateOf(lanes, lane);
  const uint64_t sequence = state.last + 1;
  const int64_t id = RowId(lane, sequence);
  insert_.Bind(1, id).Bind(2, ts).Bind(3, Checksum(id, ts, payload)).BindBlob(4, payload);
  MW_TRY(insert_.Run());
  state.last = sequence;
  state.records += 1;
  state.bytes += CostOf(payload.size());
  return sequence;
}

Result<void> Writer::Evict(LaneStates& lanes, Lane lane, uint64_t bytes_wanted, Nanos now) {
  LaneState& state = StateOf(lanes, lane);
  LostRange lost{.cause = "evicted", .lane = lane};
  uint64_t freed = 0;
  oldest_.Bind(1, RowId(lane, state.acked)).Bind(2, RowId(lane, state.last)).Bind(3, kEvictRowsMax);
  while (freed < bytes_wanted) {
    MW_TRY(const bool row, oldest_.Step());
    if (!row) break;
    const Nanos ts = oldest_.Integer(1);
    lost.last = SequenceOf(oldest_.Integer(0));
    if (lost.count == 0) lost.first = lost.last;
    lost.from = lost.count == 0 ? ts : std::min(lost.from, ts);
    lost.to = lost.count == 0 ? ts : std::max(lost.to, ts);
    lost.count += 1;
    freed += CostOf(static_cast<size_t>(oldest_.Integer(2)));
  }
  oldest_.Reset();
  if (lost.count == 0) return {};
  delete_range_.Bind(1, RowId(lane, lost.first - 1)).Bind(2, RowId(lane, lost.last));
  MW_TRY(delete_range_.Run());
  state.records -= lost.count;
  state.bytes -= freed;
  state.evicted += lost.count;
  return InsertGap(lanes, lost, now);
}

// Gap records are exempt from the health lane's quota: a loss that may not be declared would be a
// silent one. They are few, since each stands for a sixteenth of a lane.
Result<void> Writer::InsertGap(LaneStates& lanes, const LostRange& lost, Nanos now) {
  MW_TRY(Insert(lanes, Lane::kHealth, now, EncodeGap(lost, now)));
  return {};
}

Result<void> Writer::StoreLanes(const LaneStates& before, const LaneStates& after) {
  for (size_t i = 0; i < after.size(); ++i) {
    const LaneState& state = after[i];
    if (state == before[i]) continue;
    store_lane_.Bind(1, static_cast<int64_t>(i))
        .Bind(2, static_cast<int64_t>(state.last))
        .Bind(3, static_cast<int64_t>(state.acked))
        .Bind(4, static_cast<int64_t>(state.records))
        .Bind(5, static_cast<int64_t>(state.bytes))
        .Bind(6, static_cast<int64_t>(state.evicted));
    MW_TRY(store_lane_.Run());
  }
  return {};
}

Result<LaneStates> Writer::AckSome(const LaneStates& lanes, Lane lane, uint64_t up_to) {
  LaneStates after = lanes;
  LaneState& state = StateOf(after, lane);
  // No fsync of its own: if a power cut takes this back, the records go to the hub once more, which
  // knows them.
  const auto done = InTransaction(Sync::kLater, [&]() -> Result<void> {
    const int64_t below = RowId(lane, state.acked);
    count_range_.Bind(1, below).Bind(2, RowId(lane, up_to)).Bind(3, kAckRowsMax);
    MW_TRY(count_range_.Step());
    const int64_t newest = count_range_.Integer(0);
    const int64_t rows = count_range_.Integer(1);
    const auto payload_bytes = static_cast<uint64_t>(count_range_.Integer(2));
    count_range_.Reset();
    if (rows > 0) {
      MW_TRY(delete_range_.Bind(1, below).Bind(2, newest).Run());
      state.records -= static_cast<uint64_t>(rows);
      state.bytes -= payload_bytes + static_cast<uint64_t>(rows) * kRecordOverheadBytes;
    }
    state.acked = rows == kAckRowsMax ? SequenceOf(newest) : up_to;
    return StoreLanes(lanes, after);
  });
  MW_TRY(done);
  return after;
}

Result<LaneStates> Writer::GiveUp(const LaneStates& lanes, Lane lane, uint64_t sequence,
                                  Nanos now) {
  LaneStates after = lanes;
  const auto done = InTransaction(Sync::kAtCommit, [&]() -> Result<void> {
    const int64_t id = RowId(lane, sequence);
    MW_TRY(const bool row, oldest_.Bind(1, id - 1).Bind(2, id).Bind(3, 1).Step());
    if (!row) return {};  // acked or evicted meanwhile
    const Nanos ts = oldest_.Integer(1);
    const uint64_t cost = CostOf(static_cast<size_t>(oldest_.Integer(2)));
    oldest_.Reset();
    MW_TRY(delete_range_.Bind(1, id - 1).Bind(2, id).Run());
    LaneState& state = StateOf(after, lane);
    state.records -= 1;
    state.bytes -= cost;
    state.evicted += 1;
    MW_TRY(InsertGap(after,
                     LostRange{.cause = "damaged_record",
                               .lane = lane,
                               .first = sequence,
                               .last = sequence,
                               .count = 1,
                               .from = ts,
                               .to = ts},
                     now));
    return StoreLanes(lanes, after);
  });
  MW_TRY(done);
  return after;
}

Result<LaneStates> Writer::Declare(const LaneStates& lanes, const LostRange& lost, Nanos now) {
  LaneStates after = lanes;
  const auto done = InTransaction(Sync::kAtCommit, [&]() -> Result<void> {
    MW_TRY(InsertGap(after, lost, now));
    return StoreLanes(lanes, after);
  });
  MW_TRY(done);
  return after;
}

Result<void> Writer::PutMarks(std::span<const Mark> marks) {
  for (const Mark& mark : marks) {
    MW_TRY(put_mark_.BindText(1, mark.key).BindBlob(2, mark.value).Run());
  }
  return {};
}

Result<std::optional<std::string>> Writer::GetMark(std::string_view key) {
  MW_TRY(const bool row, get_mark_.BindText(1, key).Step());
  if (!row) return std::optional<std::string>();
  std::optional<std::string> value(std::string(get_mark_.Bytes(0)));
  get_mark_.Reset();
  return value;
}

Result<std::vector<Mark>> Writer::Marks(std::string_view prefix) {
  std::vector<Mark> marks;
  marks_.BindText(1, prefix);
  for (;;) {
    MW_TRY(const bool row, marks_.Step());
    if (!row) return marks;
    marks.push_back(Mark{std::string(marks_.Bytes(0)), std::string(marks_.Bytes(1))});
  }
}

}  // namespace millwright::outbox
