#include "outbox/schema.h"

#include <zlib.h>

#include <random>
#include <string>

namespace millwright::outbox {
namespace {

constexpr int64_t kApplicationId = 0x4d774f62;  // "MwOb"
constexpr int64_t kVersion = 1;

constexpr const char* kTables =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE lane(lane INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,"
    " acked_seq INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " evicted INTEGER NOT NULL);"
    "CREATE TABLE record(id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, checksum INTEGER NOT NULL,"
    " payload BLOB NOT NULL);"
    "CREATE TABLE mark(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "INSERT INTO lane VALUES(0,0,0,0,0,0),(1,0,0,0,0,0),(2,0,0,0,0,0),(3,0,0,0,0,0);";

// 53 random bits: unique enough for the few outboxes a device ever has, and exact as a JSON number
// and as a signed BIGINT, so that an epoch reads the same in every tool.
uint64_t DrawEpoch() {
  std::random_device random;
  const uint64_t bits = (uint64_t{random()} << 32) | random();
  return (bits & ((uint64_t{1} << 53) - 1)) | 1;
}

Result<void> CreateTables(Connection& connection) {
  const std::string epoch = std::to_string(DrawEpoch());
  const std::string sql = "BEGIN IMMEDIATE;" + std::string(kTables) +
                          "INSERT INTO meta VALUES('epoch'," + epoch +
                          ");PRAGMA application_id=" + std::to_string(kApplicationId) +
                          ";PRAGMA user_version=" + std::to_string(kVersion) + ";COMMIT";
  auto made = connection.Execute(sql.c_str());
  if (!made) connection.Rollback();
  return made;
}

bool Plausible(const LaneState& lane) {
  return lane.acked <= lane.last && lane.records <= lane.last - lane.acked &&
         (lane.records == 0) == (lane.bytes == 0) && lane.last < (uint64_t{1} << 60);
}

}  // namespace

Result<void> Configure(Connection& connection) {
  // FULL: each commit is fsynced. With NORMAL a power cut takes back what was already reported as
  // accepted.
  return connection.Execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024;"
      "PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=8388608;");
}

Result<void> EnsureSchema(Connection& connection) {
  MW_TRY(const int64_t application, connection.QueryInteger("PRAGMA application_id"));
  MW_TRY(const int64_t version, connection.QueryInteger("PRAGMA user_version"));
  if (application == 0 && version == 0) {
    MW_TRY(const int64_t tables, connection.QueryInteger("SELECT count(*) FROM sqlite_schema"));
    if (tables == 0) return CreateTables(connection);
  }
  if (application != kApplicationId)
    return Fail(Errc::kConflict, "outbox: the database belongs to another program");
  if (version > kVersion)
    return Fail(Errc::kUnsupported, "outbox: database version " + std::to_string(version) +
                                        " is newer than this program");
  return {};
}

Result<uint64_t> LoadEpoch(Connection& connection) {
  MW_TRY(const int64_t epoch, connection.QueryInteger("SELECT value FROM meta WHERE key='epoch'"));
  if (epoch <= 0) return Fail(Errc::kInvalid, "outbox: the epoch is not positive");
  return static_cast<uint64_t>(epoch);
}

Result<LaneStates> LoadLanes(Connection& connection) {
  LaneStates lanes;
  MW_TRY(Statement rows, connection.Prepare("SELECT last_seq, acked_seq, records, bytes, evicted "
                                            "FROM lane WHERE lane=?1"));
  MW_TRY(Statement newest,
         connection.Prepare("SELECT coalesce(max(id),?1) FROM record WHERE id>=?1 AND id<=?2"));
  for (int i = 0; i < kLanes; ++i) {
    const auto lane = static_cast<Lane>(i);
    LaneState& state = lanes[static_cast<size_t>(i)];
    MW_TRY(const bool row, rows.Bind(1, i).Step());
    if (!row) return Fail(Errc::kInvalid, "outbox: lane " + std::to_string(i) + " has no row");
    uint64_t* const fields[] = {&state.last, &state.acked, &state.records, &state.bytes,
                                &state.evicted};
    for (int column = 0; column < 5; ++column)
      *fields[column] = static_cast<uint64_t>(rows.Integer(column));
    rows.Reset();
    newest.Bind(1, RowId(lane, 0)).Bind(2, RowId(lane, (uint64_t{1} << 60) - 1));
    MW_TRY(newest.Step());
    const uint64_t newest_sequence = SequenceOf(newest.Integer(0));
    newest.Reset();
    if (!Plausible(state) || newest_sequence > state.last)
      return Fail(Errc::kInvalid, "outbox: the counts of lane " + std::string(Name(lane)) +
                                      " contradict its records");
  }
  return lanes;
}

uint32_t Checksum(int64_t row_id, Nanos ts, std::string_view payload) {
  const int64_t head[2] = {row_id, ts};
  uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(head), sizeof head);
  sum = crc32_z(sum, reinterpret_cast<const Bytef*>(payload.data()), payload.size());
  return static_cast<uint32_t>(sum);
}

}  // namespace millwright::outbox
