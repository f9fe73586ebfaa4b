#include "outbox/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "outbox/schema.h"
#include "outbox/testing/power_cut_vfs.h"
#include "outbox/testing/temporary_folder.h"
#include "wire/event.pb.h"

namespace millwright::outbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OutboxTest : public ::testing::Test {
 protected:
  std::unique_ptr<Outbox> Open(OutboxOptions options = {}) {
    auto outbox = Outbox::Open(path_, options, clock_);
    EXPECT_TRUE(outbox) << outbox.error().what;
    return outbox ? std::move(*outbox) : nullptr;
  }

  static NewRecord Make(Lane lane, std::string payload, Nanos ts = 1) {
    return NewRecord{lane, ts, std::move(payload)};
  }

  static uint64_t Append(Outbox& outbox, Lane lane, std::string payload, Nanos ts = 1) {
    const NewRecord record = Make(lane, std::move(payload), ts);
    const auto sequences = outbox.AppendBatch(std::span(&record, 1));
    EXPECT_TRUE(sequences) << sequences.error().what;
    return sequences ? sequences->front() : 0;
  }

  static std::vector<Record> Read(Outbox& outbox, Lane lane, uint64_t after = 0) {
    std::vector<Record> out;
    const auto epoch = outbox.ReadUnacked(lane, after, size_t{1} << 30, out);
    EXPECT_TRUE(epoch) << epoch.error().what;
    return out;
  }

  static std::vector<uint64_t> Sequences(const std::vector<Record>& records) {
    std::vector<uint64_t> out;
    for (const Record& record : records) out.push_back(record.sequence);
    return out;
  }

  static std::vector<wire::Gap> Gaps(Outbox& outbox) {
    std::vector<wire::Gap> gaps;
    for (const Record& record : Read(outbox, Lane::kHealth)) {
      wire::Event event;
      EXPECT_TRUE(event.ParseFromString(record.payload));
      if (event.has_gap()) gaps.push_back(event.gap());
    }
    return gaps;
  }

  // Changes the database behind the outbox's back; it must be closed.
  void Sql(const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  int FilesNamed(const std::string& part) const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().find(part) != std::string::npos) ++count;
    }
    return count;
  }

  testing::TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/outbox.db";
  os::FakeClock clock_;
};

TEST_F(OutboxTest, NumbersEachLaneFromOneWithoutHoles) {
  auto outbox = Open();
  const std::vector<NewRecord> batch = {Make(Lane::kAlarm, "a"), Make(Lane::kFeatures, "f"),
                                        Make(Lane::kAlarm, "b"), Make(Lane::kFeatures, "g")};
  EXPECT_THAT(outbox->AppendBatch(batch).value(), ElementsAre(1, 1, 2, 2));
  EXPECT_EQ(Append(*outbox, Lane::kAlarm, "c"), 3u);
  EXPECT_THAT(Sequences(Read(*outbox, Lane::kAlarm)), ElementsAre(1, 2, 3));
  EXPECT_EQ(Read(*outbox, Lane::kFeatures, 1).at(0).payload, "g");
  EXPECT_EQ(outbox->stats().commits, 2u);
}

TEST_F(OutboxTest, KeepsEpochRecordsAndMarksOverARestart) {
  auto outbox = Open();
  const uint64_t epoch = outbox->epoch();
  EXPECT_GT(epoch, 0u);
  EXPECT_LT(epoch, uint64_t{1} << 53);
  const NewRecord record = Make(Lane::kRaw, std::string("\0\xff payload", 10), 77);
  const Mark mark{"coverage/P-102/vib", "1795000000000000000 12"};
  ASSERT_TRUE(outbox->AppendBatch(std::span(&record, 1), std::span(&mark, 1)));
  outbox.reset();

  outbox = Open();
  EXPECT_EQ(outbox->epoch(), epoch);
  const auto records = Read(*outbox, Lane::kRaw);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].payload, record.payload);
  EXPECT_EQ(records[0].ts, 77);
  EXPECT_EQ(outbox->GetMark(mark.key).value(), mark.value);
  EXPECT_EQ(outbox->GetMark("absent").value(), std::nullopt);
}

TEST_F(OutboxTest, NeverGivesASequenceTwiceAlsoWhenEverythingWasAcked) {
  auto outbox = Open();
  Append(*outbox, Lane::kAlarm, "a");
  Append(*outbox, Lane::kAlarm, "b");
  ASSERT_TRUE(outbox->Ack(outbox->epoch(), Lane::kAlarm, 2));
  EXPECT_EQ(outbox->stats().records(), 0u);
  EXPECT_EQ(outbox->stats().bytes(), 0u);
  outbox.reset();
  outbox = Open();
  EXPECT_EQ(Append(*outbox, Lane::kAlarm, "c"), 3u);
}

TEST_F(OutboxTest, AcksCumulativelyAndTakesTheMaximum) {
  auto outbox = Open();
  for (int i = 0; i < 5; ++i) Append(*outbox, Lane::kHealth, "h");
  ASSERT_TRUE(outbox->Ack(outbox->epoch(), Lane::kHealth, 3));
  ASSERT_TRUE(outbox->Ack(outbox->epoch(), Lane::kHealth, 2));
  EXPECT_THAT(Sequences(Read(*outbox, Lane::kHealth)), ElementsAre(4, 5));
  ASSERT_TRUE(outbox->Ack(outbox->epoch(), Lane::kHealth, 1000));  // more than was ever given
  EXPECT_EQ(outbox->stats().lanes[1].acked_sequence, 5u);
  EXPECT_EQ(Append(*outbox, Lane::kHealth, "h"), 6u);
}

TEST_F(OutboxTest, DeletesALargeAckedBacklogInSteps) {
  auto outbox = Open();
  const std::vector<NewRecord> batch(3000, Make(Lane::kFeatures, "x"));
  ASSERT_TRUE(outbox->AppendBatch(batch));
  ASSERT_TRUE(outbox->Ack(outbox->epoch(), Lane::kFeatures, 2500));
  EXPECT_EQ(outbox->stats().lanes[2].records, 500u);
  EXPECT_EQ(outbox->stats().lanes[2].bytes, 500 * (1 + kRecordOverheadBytes));
  EXPECT_EQ(outbox->stats().lanes[2].acked_sequence, 2500u);
}

TEST_F(OutboxTest, IgnoresAcksOfAnotherEpoch) {
  auto outbox = Open();
  Append(*outbox, Lane::kAlarm, "a");
  ASSERT_TRUE(outbox->Ack(outbox->epoch() + 1, Lane::kAlarm, 1));
  EXPECT_EQ(outbox->stats().lanes[0].records, 1u);
  EXPECT_EQ(outbox->stats().stale_acks, 1u);
}

TEST_F(OutboxTest, ReadsAsMuchAsWasAskedForButAtLeastOneRecord) {
  auto outbox = Open();
  for (int i = 0; i < 4; ++i) Append(*outbox, Lane::kRaw, std::string(100, 'x'));
  std::vector<Record> out;
  ASSERT_TRUE(outbox->ReadUnacked(Lane::kRaw, 0, 250, out));
  EXPECT_THAT(Sequences(out), ElementsAre(1, 2));
  ASSERT_TRUE(outbox->ReadUnacked(Lane::kRaw, 2, 10, out));
  EXPECT_THAT(Sequences(out), ElementsAre(3));
  ASSERT_TRUE(outbox->ReadUnacked(Lane::kRaw, 4, 10, out));
  EXPECT_TRUE(out.empty());
}

TEST_F(OutboxTest, RefusesRecordsThatNobodyCouldSend) {
  auto outbox = Open(OutboxOptions{.record_bytes_max = 10});
  const std::vector<NewRecord> batch = {Make(Lane::kAlarm, "fine"),
                                        Make(Lane::kAlarm, std::string(11, 'x'))};
  EXPECT_EQ(outbox->AppendBatch(batch).error().code, Errc::kInvalid);
  const NewRecord empty = Make(Lane::kAlarm, "");
  EXPECT_EQ(outbox->AppendBatch(std::span(&empty, 1)).error().code, Errc::kInvalid);
  EXPECT_EQ(outbox->stats().records(), 0u);
}

TEST_F(OutboxTest, EvictsTheOldestTelemetryIntoADeclaredGap) {
  OutboxOptions options;
  options.bytes_max[2] = 100 * (100 + kRecordOverheadBytes);
  auto outbox = Open(options);
  for (int i = 1; i <= 120; ++i) Append(*outbox, Lane::kFeatures, std::string(100, 'x'), 1000 + i);
  const LaneStats lane = outbox->stats().lanes[2];
  EXPECT_LE(lane.bytes, options.bytes_max[2]);
  EXPECT_EQ(lane.evicted + lane.records, 120u);

  uint64_t next = 1;  // the gaps join one another and then the waiting records
  uint64_t declared = 0;
  for (const wire::Gap& gap : Gaps(*outbox)) {
    EXPECT_EQ(gap.cause(), "evicted");
    EXPECT_EQ(gap.lane(), 2u);
    EXPECT_EQ(gap.seq_from(), next);
    EXPECT_EQ(gap.from_ns(), static_cast<int64_t>(1000 + gap.seq_from()));
    EXPECT_EQ(gap.to_ns(), static_cast<int64_t>(1000 + gap.seq_to()));
    declared += gap.count();
    next = gap.seq_to() + 1;
  }
  EXPECT_EQ(declared, lane.evicted);
  EXPECT_EQ(Read(*outbox, Lane::kFeatures).front().sequence, next);
  EXPECT_LT(Gaps(*outbox).size(), 5u) << "one gap stands for many records";
}

TEST_F(OutboxTest, RefusesAlarmsOfAFullLaneButTakesTheRest) {
  OutboxOptions options;
  options.bytes_max[0] = 2 * (100 + kRecordOverheadBytes);
  auto outbox = Open(options);
  const std::string payload(100, 'x');
  const std::vector<NewRecord> batch = {Make(Lane::kAlarm, payload), Make(Lane::kAlarm, payload),
                                        Make(Lane::kAlarm, payload), Make(Lane::kHealth, payload)};
  EXPECT_THAT(outbox->AppendBatch(batch).value(), ElementsAre(1, 2, 0, 1));
  EXPECT_EQ(outbox->stats().lanes[0].refused, 1u);
  ASSERT_TRUE(outbox->Ack(outbox->epoch(), Lane::kAlarm, 1));
  EXPECT_EQ(Append(*outbox, Lane::kAlarm, payload), 3u) << "a refusal uses up no sequence";
}

TEST_F(OutboxTest, DeclaresGapsAlsoWhenTheHealthLaneIsFull) {
  OutboxOptions options;
  options.bytes_max[1] = 40;
  options.bytes_max[2] = 200;
  auto outbox = Open(options);
  for (int i = 0; i < 5; ++i) Append(*outbox, Lane::kFeatures, std::string(100, 'x'));
  EXPECT_EQ(Append(*outbox, Lane::kHealth, std::string(100, 'x')), 0u);
  EXPECT_FALSE(Gaps(*outbox).empty());
}

TEST_F(OutboxTest, SaysThatTheDiskIsFullAndHasWrittenNothing) {
  testing::PowerCutDisk disk("outbox-full");
  auto outbox = Open(OutboxOptions{.vfs = disk.name()});
  Append(*outbox, Lane::kAlarm, "before");
  disk.SetFull(true);
  const std::vector<NewRecord> batch(500, Make(Lane::kFeatures, std::string(1000, 'x')));
  const Mark mark{"m", "1"};
  const auto refused = outbox->AppendBatch(batch, std::span(&mark, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kExhausted) << refused.error().what;
  EXPECT_EQ(outbox->stats().disk_full, 1u);
  EXPECT_EQ(outbox->stats().lanes[2].last_sequence, 0u);
  EXPECT_EQ(outbox->GetMark("m").value(), std::nullopt);
  EXPECT_EQ(Read(*outbox, Lane::kAlarm).size(), 1u);
  disk.SetFull(false);
  EXPECT_EQ(outbox->AppendBatch(batch).value().back(), 500u);
}

TEST_F(OutboxTest, ListsMarksByPrefix) {
  auto outbox = Open();
  for (const char* key : {"coverage/a", "coverage/b", "other", "coverage%"})
    ASSERT_TRUE(outbox->PutMark(key, key));
  ASSERT_TRUE(outbox->PutMark("coverage/a", "new"));
  const auto marks = outbox->Marks("coverage/").value();
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0].value, "new");
  EXPECT_EQ(marks[1].key, "coverage/b");
}

TEST_F(OutboxTest, KeepsASecondProcessOut) {
  auto outbox = Open();
  EXPECT_EQ(Outbox::Open(path_, {}, clock_).error().code, Errc::kConflict);
  outbox.reset();
  EXPECT_TRUE(Outbox::Open(path_, {}, clock_));
}

TEST_F(OutboxTest, OpensInTheSameTimeWhateverWaits) {
  testing::PowerCutDisk disk("outbox-open");
  const OutboxOptions options{.vfs = disk.name()};
  const auto reads_to_open = [&] {
    const int64_t before = disk.reads();
    Open(options);
    return disk.reads() - before;
  };
  Append(*Open(options), Lane::kFeatures, "x");
  const int64_t few = reads_to_open();
  const std::vector<NewRecord> batch(5000, Make(Lane::kFeatures, std::string(500, 'x')));
  ASSERT_TRUE(Open(options)->AppendBatch(batch));
  EXPECT_LE(reads_to_open(), few + 16) << "some levels of a B-tree more, not the records";
}

TEST_F(OutboxTest, MovesADamagedDatabaseAsideAndSaysSo) {
  auto outbox = Open();
  const uint64_t epoch = outbox->epoch();
  Append(*outbox, Lane::kAlarm, "lost");
  outbox.reset();
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary) << "this is no database";

  outbox = Open();
  EXPECT_NE(outbox->epoch(), epoch);
  EXPECT_EQ(outbox->stats().moved_aside, 1u);
  EXPECT_EQ(FilesNamed(".damaged-"), 1);
  const auto gaps = Gaps(*outbox);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].cause(), "outbox_damaged");
  EXPECT_EQ(gaps[0].to_ns(), clock_.Utc());
  EXPECT_EQ(Append(*outbox, Lane::kAlarm, "next"), 1u);
}

TEST_F(OutboxTest, MovesADatabaseAsideThatContradictsItself) {
  auto outbox = Open();
  for (int i = 0; i < 3; ++i) Append(*outbox, Lane::kAlarm, "a");
  outbox.reset();
  Sql("UPDATE lane SET last_seq=1");  // would give sequences 2 and 3 a second time
  outbox = Open();
  EXPECT_EQ(outbox->stats().moved_aside, 1u);
}

TEST_F(OutboxTest, ReplacesADatabaseThatTurnsOutDamagedWhileItRuns) {
  auto outbox = Open();
  const uint64_t epoch = outbox->epoch();
  const std::vector<NewRecord> batch(500, Make(Lane::kRaw, std::string(2000, 'x')));
  ASSERT_TRUE(outbox->AppendBatch(batch));
  outbox.reset();
  const auto size = std::filesystem::file_size(path_);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2 / 4096 * 4096));
    file << std::string(65536, '\xa5');  // all of the lane's middle pages
  }
  outbox = Open();
  std::vector<Record> out;
  Result<uint64_t> read = uint64_t{0};
  for (uint64_t after = 0; read && after < 500; after += 100)
    read = outbox->ReadUnacked(Lane::kRaw, after, size_t{1} << 20, out);
  if (read) GTEST_SKIP() << "the damage fell on overflow pages, which checksums cover";
  EXPECT_EQ(Append(*outbox, Lane::kAlarm, "goes on"), 1u);
  EXPECT_NE(outbox->epoch(), epoch);
  ASSERT_EQ(Gaps(*outbox).size(), 1u);
  EXPECT_EQ(Gaps(*outbox)[0].count(), 500u);
  EXPECT_EQ(FilesNamed(".damaged-"), 1);
}

TEST_F(OutboxTest, BeginsAnInterruptedReplacementAgain) {
  Append(*Open(), Lane::kAlarm, "a");
  std::ofstream(path_ + ".replacing") << "x";
  auto outbox = Open();
  EXPECT_EQ(outbox->stats().moved_aside, 1u);
  EXPECT_EQ(Gaps(*outbox).size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".replacing"));
}

TEST_F(OutboxTest, TurnsARecordWithFlippedBitsIntoAGapAndGoesOn) {
  auto outbox = Open();
  for (const char* payload : {"one", "two", "three"}) Append(*outbox, Lane::kAlarm, payload, 42);
  outbox.reset();
  Sql("UPDATE record SET payload='twp' WHERE id=" + std::to_string(RowId(Lane::kAlarm, 2)));
  outbox = Open();
  EXPECT_THAT(Sequences(Read(*outbox, Lane::kAlarm)), ElementsAre(1));
  EXPECT_THAT(Sequences(Read(*outbox, Lane::kAlarm, 1)), ElementsAre(3));
  ASSERT_EQ(Gaps(*outbox).size(), 1u);
  const wire::Gap gap = Gaps(*outbox)[0];
  EXPECT_EQ(gap.cause(), "damaged_record");
  EXPECT_EQ(gap.lane(), 0u);
  EXPECT_EQ(gap.seq_from(), 2u);
  EXPECT_EQ(gap.seq_to(), 2u);
  EXPECT_EQ(gap.from_ns(), 42);
  EXPECT_EQ(outbox->stats().damaged_records, 1u);
}

TEST_F(OutboxTest, LeavesDatabasesOfOthersAlone) {
  Sql("CREATE TABLE letters(x)");
  const auto foreign = Outbox::Open(path_, {}, clock_);
  EXPECT_EQ(foreign.error().code, Errc::kConflict);
  EXPECT_EQ(FilesNamed(".damaged-"), 0);
}

TEST_F(OutboxTest, LeavesDatabasesOfNewerVersionsAlone) {
  Append(*Open(), Lane::kAlarm, "a");
  Sql("PRAGMA user_version=2");
  const auto newer = Outbox::Open(path_, {}, clock_);
  EXPECT_EQ(newer.error().code, Errc::kUnsupported);
  EXPECT_THAT(newer.error().what, HasSubstr("newer"));
}

TEST_F(OutboxTest, NamesAFolderThatDoesNotExist) {
  const auto missing = Outbox::Open(folder_.path() + "/none/outbox.db", {}, clock_);
  EXPECT_EQ(missing.error().code, Errc::kIo);
  EXPECT_THAT(missing.error().what, HasSubstr("/none/outbox.db"));
}

TEST_F(OutboxTest, ReadsAndAcksOnOneThreadWhileAnotherAppends) {
  auto outbox = Open();
  constexpr uint64_t kRecords = 300;
  std::thread recorder([&] {
    for (uint64_t i = 0; i < kRecords; ++i) Append(*outbox, Lane::kAlarm, std::to_string(i));
  });
  std::vector<Record> out;
  uint64_t seen = 0;
  while (seen < kRecords) {
    const auto epoch = outbox->ReadUnacked(Lane::kAlarm, seen, 4096, out);
    ASSERT_TRUE(epoch) << epoch.error().what;
    for (const Record& record : out) {
      ASSERT_EQ(record.sequence, seen + 1);
      ASSERT_EQ(record.payload, std::to_string(seen));
      ++seen;
    }
    ASSERT_TRUE(outbox->Ack(*epoch, Lane::kAlarm, seen));
  }
  recorder.join();
  EXPECT_EQ(outbox->stats().records(), 0u);
}

}  // namespace
}  // namespace millwright::outbox
