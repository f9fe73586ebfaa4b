// Power cuts at every write and sync, kill -9, and any order of appends, acks, restarts and cuts.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "outbox/outbox.h"
#include "outbox/testing/power_cut_vfs.h"
#include "outbox/testing/temporary_folder.h"
#include "wire/event.pb.h"

namespace millwright::outbox {
namespace {

// What a person who wrote down every accepted record and every ack knows.
struct Book {
  std::map<uint64_t, std::string> accepted[kLanes];  // by sequence
  std::map<uint64_t, std::string> in_doubt[kLanes];  // the call failed: may be there or not
  uint64_t acked[kLanes] = {};
  uint64_t epoch = 0;
};

std::string PayloadOf(int number) { return "record " + std::to_string(number); }

class Machine {
 public:
  explicit Machine(std::string vfs_name) : disk_(std::move(vfs_name)) {
    options_.vfs = disk_.name();
    options_.bytes_max[2] = 60 * (10 + kRecordOverheadBytes);
  }

  testing::PowerCutDisk& disk() { return disk_; }
  Outbox* outbox() { return outbox_.get(); }
  const Book& book() const { return book_; }

  bool Start() {
    auto opened = Outbox::Open(folder_.path() + "/outbox.db", options_, clock_);
    if (!opened) return false;
    outbox_ = std::move(*opened);
    return true;
  }
  void Stop() { outbox_.reset(); }

  // Cuts the power, boots, and checks that the outbox still has what it must have.
  void CutAndBoot(uint64_t seed) {
    disk_.CutNow();
    Stop();
    disk_.Restore(seed);
    ASSERT_TRUE(Start());
  }

  void Append(Lane lane, int count) {
    std::vector<NewRecord> batch;
    for (int i = 0; i < count; ++i) batch.push_back({lane, clock_.Utc(), PayloadOf(++number_)});
    const auto index = static_cast<size_t>(lane);
    const uint64_t before = outbox_->stats().lanes[index].last_sequence;
    const auto sequences = outbox_->AppendBatch(batch);
    for (size_t i = 0; i < batch.size(); ++i) {
      if (sequences) {
        const bool fresh = book_.accepted[index].emplace((*sequences)[i], batch[i].payload).second;
        EXPECT_TRUE(fresh) << "sequence " << (*sequences)[i] << " was given twice";
      } else {
        book_.in_doubt[index][before + 1 + i] = batch[i].payload;
      }
    }
    clock_.Advance(kSecond);
  }

  void Ack(Lane lane, uint64_t up_to) {
    const auto index = static_cast<size_t>(lane);
    const uint64_t last = outbox_->stats().lanes[index].last_sequence;
    (void)outbox_->Ack(outbox_->epoch(), lane, up_to);
    book_.acked[index] = std::max(book_.acked[index], std::min(up_to, last));
  }

  // Every accepted record is acked, waiting with its own content, or inside a declared gap; nothing
  // else is there.
  void Check() {
    if (book_.epoch == 0) book_.epoch = outbox_->epoch();
    EXPECT_EQ(outbox_->epoch(), book_.epoch);
    EXPECT_EQ(outbox_->stats().moved_aside, 0u);
    std::set<std::pair<size_t, uint64_t>> declared;
    for (const Record& record : Read(Lane::kHealth)) Declare(record, declared);
    for (const Lane lane : {Lane::kAlarm, Lane::kFeatures}) CheckLane(lane, declared);
  }

 private:
  std::vector<Record> Read(Lane lane) {
    std::vector<Record> out;
    const auto read = outbox_->ReadUnacked(lane, 0, size_t{1} << 30, out);
    EXPECT_TRUE(read) << read.error().what;
    return out;
  }

  static void Declare(const Record& record, std::set<std::pair<size_t, uint64_t>>& declared) {
    wire::Event event;
    ASSERT_TRUE(event.ParseFromString(record.payload));
    const wire::Gap& gap = event.gap();
    for (uint64_t i = gap.seq_from(); i <= gap.seq_to(); ++i) declared.emplace(gap.lane(), i);
  }

  void CheckLane(Lane lane, const std::set<std::pair<size_t, uint64_t>>& declared) {
    const auto index = static_cast<size_t>(lane);
    std::map<uint64_t, std::string> waiting;
    for (const Record& record : Read(lane)) waiting[record.sequence] = record.payload;
    for (const auto& [sequence, payload] : book_.accepted[index]) {
      if (sequence <= book_.acked[index] || declared.contains({index, sequence})) continue;
      ASSERT_TRUE(waiting.contains(sequence))
          << Name(lane) << " " << sequence << " was accepted and is gone";
      EXPECT_EQ(waiting[sequence], payload);
    }
    for (const auto& [sequence, payload] : waiting) {
      auto& accepted = book_.accepted[index];
      if (accepted.contains(sequence)) continue;
      // A batch whose call failed at the very last moment may be there after all: whole records,
      // never halves.
      EXPECT_EQ(payload, book_.in_doubt[index][sequence]);
      accepted[sequence] = payload;
    }
    const uint64_t last = outbox_->stats().lanes[index].last_sequence;
    if (!book_.accepted[index].empty()) {
      EXPECT_GE(last, book_.accepted[index].rbegin()->first);
    }
    book_.in_doubt[index].clear();
  }

  testing::TemporaryFolder folder_;
  testing::PowerCutDisk disk_;
  OutboxOptions options_;
  os::FakeClock clock_;
  std::unique_ptr<Outbox> outbox_;
  Book book_;
  int number_ = 0;
};

void Workload(Machine& machine) {
  for (int round = 0; round < 6 && !machine.disk().off(); ++round) {
    machine.Append(Lane::kAlarm, 1);
    machine.Append(Lane::kFeatures, 15);
    machine.Ack(Lane::kAlarm, static_cast<uint64_t>(round));
    machine.Ack(Lane::kFeatures, static_cast<uint64_t>(round * 4));
  }
}

TEST(OutboxPowerCutTest, LosesNothingAcceptedAtAnyWriteOrSync) {
  int64_t operations = 0;
  {
    Machine machine("cut-count");
    ASSERT_TRUE(machine.Start());
    Workload(machine);
    machine.Check();
    operations = machine.disk().operations();
  }
  ASSERT_GT(operations, 40);
  for (int64_t cut = 1; cut < operations; ++cut) {
    SCOPED_TRACE("power cut after operation " + std::to_string(cut));
    Machine machine("cut-at");
    machine.disk().CutAfter(cut);
    if (machine.Start()) Workload(machine);
    machine.CutAndBoot(static_cast<uint64_t>(cut) * 7919);
    if (::testing::Test::HasFatalFailure()) return;
    machine.Check();
    machine.Append(Lane::kAlarm, 2);
    machine.Check();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(OutboxPowerCutTest, SurvivesCutsWhileItRecoversFromCuts) {
  Machine machine("cut-again");
  ASSERT_TRUE(machine.Start());
  machine.Check();
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    machine.disk().CutAfter(static_cast<int64_t>(seed * 13 % 29));
    Workload(machine);
    machine.disk().CutNow();
    machine.Stop();
    machine.disk().Restore(seed);
    machine.disk().CutAfter(static_cast<int64_t>(seed % 5));
    if (machine.Start()) machine.Stop();
    machine.CutAndBoot(seed * 31);
    if (::testing::Test::HasFatalFailure()) return;
    machine.Check();
    if (::testing::Test::HasFailure()) return;
  }
}

// Appends for ever and says on the pipe what was accepted: "epoch sequence\n".
[[noreturn]] void AppendUntilKilled(const std::string& path, int pipe) {
  os::RealClock clock;
  auto outbox = Outbox::Open(path, {}, clock);
  if (!outbox) ::_exit(1);
  for (uint64_t i = 0;; ++i) {
    const NewRecord record{Lane::kAlarm, 1, std::string(200, 'x')};
    const auto sequences = (*outbox)->AppendBatch(std::span(&record, 1));
    if (!sequences) ::_exit(2);
    const std::string line =
        std::to_string((*outbox)->epoch()) + " " + std::to_string(sequences->front()) + "\n";
    if (::write(pipe, line.data(), line.size()) < 0) ::_exit(3);
    if (i % 7 == 6) (void)(*outbox)->Ack((*outbox)->epoch(), Lane::kAlarm, sequences->front() / 2);
  }
}

TEST(OutboxKillTest, KeepsWhatItSaidItHadAccepted) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/outbox.db";
  std::string said;
  for (int kills = 0; kills < 8; ++kills) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      AppendUntilKilled(path, pipe[1]);
    }
    ::close(pipe[1]);
    char buffer[512];
    for (int got = 0; got < 20 + kills;) {
      const ssize_t size = ::read(pipe[0], buffer, sizeof buffer);
      ASSERT_GT(size, 0) << "the child ended by itself";
      said.append(buffer, static_cast<size_t>(size));
      got += static_cast<int>(std::count(buffer, buffer + size, '\n'));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (ssize_t size; (size = ::read(pipe[0], buffer, sizeof buffer)) > 0;)
      said.append(buffer, static_cast<size_t>(size));
    ::close(pipe[0]);
  }

  os::RealClock clock;
  auto outbox = Outbox::Open(path, {}, clock).value();
  std::vector<Record> waiting;
  ASSERT_TRUE(outbox->ReadUnacked(Lane::kAlarm, 0, size_t{1} << 30, waiting));
  std::set<uint64_t> present;
  for (const Record& record : waiting) present.insert(record.sequence);
  const uint64_t acked = outbox->stats().lanes[0].acked_sequence;
  std::set<uint64_t> accepted;
  std::istringstream lines(said);
  for (uint64_t epoch = 0, sequence = 0; lines >> epoch >> sequence;) {
    EXPECT_EQ(epoch, outbox->epoch());
    EXPECT_TRUE(accepted.insert(sequence).second) << sequence << " was given twice";
    EXPECT_TRUE(sequence <= acked || present.contains(sequence)) << sequence << " is gone";
  }
  EXPECT_GE(accepted.size(), 160u);
}

RC_GTEST_PROP(OutboxProperty, KeepsEveryAcceptedRecordAndNeverReusesASequence, ()) {
  enum Action { kAppendAlarm, kAppendFeatures, kAckAlarm, kAckFeatures, kRestart, kCut, kCutSoon };
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 7), rc::gen::inRange(1, 30)));
  Machine machine("cut-property");
  RC_ASSERT(machine.Start());
  machine.Check();
  for (const auto& [action, size] : steps) {
    if (machine.disk().off()) machine.CutAndBoot(static_cast<uint64_t>(size));
    const auto amount = static_cast<uint64_t>(size);
    switch (action) {
      case kAppendAlarm:
        machine.Append(Lane::kAlarm, size);
        break;
      case kAppendFeatures:
        machine.Append(Lane::kFeatures, size);
        break;
      case kAckAlarm:
        machine.Ack(Lane::kAlarm, amount);
        break;
      case kAckFeatures:
        machine.Ack(Lane::kFeatures, amount * 3);
        break;
      case kRestart:
        machine.Stop();
        RC_ASSERT(machine.Start());
        break;
      case kCut:
        machine.CutAndBoot(amount);
        break;
      default:
        machine.disk().CutAfter(size);
        break;
    }
    if (machine.disk().off()) machine.CutAndBoot(amount);
    machine.Check();
    RC_ASSERT(!::testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace millwright::outbox
