#include "outbox/outbox.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <type_traits>

#include "core/log.h"
#include "core/mutex.h"
#include "outbox/aside.h"
#include "outbox/schema.h"
#include "outbox/sqlite.h"
#include "outbox/writer.h"

namespace millwright::outbox {
namespace {

constexpr std::string_view kRoom = "outbox";

// Held as long as the outbox is open; the kernel lets go when the process dies, however it dies.
class ProcessLock {
 public:
  ProcessLock() = default;
  ~ProcessLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;

  [[nodiscard]] Result<void> Take(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd_ < 0)
      return Fail(Errc::kIo, "outbox: cannot open " + path + ": " + std::strerror(errno));
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    return Fail(Errc::kConflict, "outbox: " + path + " is held by another process");
  }

 private:
  int fd_ = -1;
};

// One database file with its two connections.
struct Store {
  std::unique_ptr<Connection> write_connection;
  std::unique_ptr<Connection> read_connection;
  std::unique_ptr<Writer> writer;
  Statement read;
  uint64_t epoch = 0;
  LaneStates lanes;
};

// The file is ours but cannot be used: the caller moves it aside. Everything else (no permission,
// another program's database, a full disk) is for a person to see.
bool MeansDamage(const Connection* connection, const Error& error) {
  return (connection != nullptr && connection->damaged()) || error.code == Errc::kInternal ||
         error.code == Errc::kInvalid;
}

Result<void> OpenStoreInto(Store& store, const std::string& path, const OutboxOptions& options) {
  MW_TRY(store.write_connection, Connection::Open(path, options.vfs));
  MW_TRY(Configure(*store.write_connection));
  MW_TRY(EnsureSchema(*store.write_connection));
  MW_TRY(store.epoch, LoadEpoch(*store.write_connection));
  MW_TRY(store.lanes, LoadLanes(*store.write_connection));
  MW_TRY(store.writer, Writer::Make(*store.write_connection, options));
  MW_TRY(store.read_connection, Connection::Open(path, options.vfs));
  MW_TRY(Configure(*store.read_connection));
  MW_TRY(store.read, store.read_connection->Prepare("SELECT id, ts, checksum, payload FROM record"
                                                    " WHERE id>?1 AND id<=?2 ORDER BY id"));
  return {};
}

struct OpenFailure {
  Error error;
  bool damaged = false;
};

tl::expected<std::unique_ptr<Store>, OpenFailure> OpenStore(const std::string& path,
                                                            const OutboxOptions& options) {
  auto store = std::make_unique<Store>();
  const auto opened = OpenStoreInto(*store, path, options);
  if (opened) return store;
  const bool damaged = MeansDamage(store->write_connection.get(), opened.error());
  return tl::unexpected(OpenFailure{opened.error(), damaged});
}

class SqliteOutbox : public Outbox {
 public:
  SqliteOutbox(std::string path, OutboxOptions options, os::Clock& clock)
      : path_(std::move(path)), options_(std::move(options)), clock_(clock) {}

  [[nodiscard]] Result<void> Start() {
    // Another VFS may have no such folder; then whoever made it keeps a second process away.
    if (options_.vfs.empty()) MW_TRY(lock_.Take(path_ + ".lock"));
    const MutexLock write(write_mutex_);
    if (ReplacementPending(path_))
      return Replace(Error{Errc::kIo, "outbox: an earlier replacement was interrupted"});
    auto opened = OpenStore(path_, options_);
    if (opened) return TakeOver(std::move(*opened));
    if (!opened.error().damaged) return tl::unexpected(opened.error().error);
    return Replace(opened.error().error);
  }

  Result<std::vector<uint64_t>> AppendBatch(std::span<const NewRecord> records,
                                            std::span<const Mark> marks) override {
    MW_TRY(CheckRecords(records));
    const MutexLock write(write_mutex_);
    auto applied = Guarded(
        [&] { return store_->writer->Append(store_->lanes, records, marks, clock_.Utc()); });
    const MutexLock lock(stats_mutex_);
    if (!applied) {
      if (applied.error().code == Errc::kExhausted) ++counts_.disk_full;
      return tl::unexpected(applied.error());
    }
    for (size_t i = 0; i < applied->refused.size(); ++i)
      counts_.lanes[i].refused += applied->refused[i];
    ++counts_.commits;
    Publish(applied->lanes);
    return std::move(applied->sequences);
  }

  Result<void> PutMark(std::string_view key, std::string_view value) override {
    const Mark mark{std::string(key), std::string(value)};
    MW_TRY(AppendBatch({}, std::span(&mark, 1)));
    return {};
  }

  Result<std::optional<std::string>> GetMark(std::string_view key) override {
    const MutexLock write(write_mutex_);
    return Guarded([&] { return store_->writer->GetMark(key); });
  }

  Result<std::vector<Mark>> Marks(std::string_view prefix) override {
    const MutexLock write(write_mutex_);
    return Guarded([&] { return store_->writer->Marks(prefix); });
  }

  Result<uint64_t> ReadUnacked(Lane lane, uint64_t after_sequence, size_t bytes_max,
                               std::vector<Record>& out) override {
    out.clear();
    for (;;) {
      MW_TRY(const Page page, ReadPage(lane, after_sequence, bytes_max, out));
      if (page.damaged_sequence == 0 || !out.empty()) return page.epoch;
      // The oldest waiting record is damaged: it becomes a gap, so that the lane goes on behind it.
      MW_TRY(GiveUp(page.epoch, lane, page.damaged_sequence));
    }
  }

  Result<void> Ack(uint64_t epoch, Lane lane, uint64_t up_to) override {
    const auto index = static_cast<size_t>(lane);
    for (;;) {
      const MutexLock write(write_mutex_);
      if (epoch != epoch_.load()) {
        const MutexLock lock(stats_mutex_);
        ++counts_.stale_acks;
        return {};
      }
      if (store_ == nullptr) return {};  // damaged and not yet replaced: nothing is left to delete
      const LaneState& state = store_->lanes[index];
      const uint64_t target = std::min(up_to, state.last);
      if (target <= state.acked) return {};
      MW_TRY(const LaneStates after, Guarded([&]() -> Result<LaneStates> {
               if (epoch != store_->epoch) return store_->lanes;  // replaced just now
               return store_->writer->AckSome(store_->lanes, lane, target);
             }));
      const MutexLock lock(stats_mutex_);
      Publish(after);
    }
  }

  uint64_t epoch() const override { return epoch_.load(std::memory_order_acquire); }

  OutboxStats stats() const override {
    const MutexLock lock(stats_mutex_);
    return counts_;
  }

 private:
  struct Page {
    uint64_t epoch = 0;
    uint64_t damaged_sequence = 0;
  };

  [[nodiscard]] Result<void> CheckRecords(std::span<const NewRecord> records) const {
    for (const NewRecord& record : records) {
      const size_t size = record.payload.size();
      if (size == 0) return Fail(Errc::kInvalid, "outbox: a record without payload");
      if (size > options_.record_bytes_max)
        return Fail(Errc::kInvalid, "outbox: a record of " + std::to_string(size) +
                                        " bytes is longer than " +
                                        std::to_string(options_.record_bytes_max));
    }
    return {};
  }

  // Runs a write; where the file turns out damaged, moves it aside and runs the write on the new
  // one.
  template <typename Body>
  [[nodiscard]] std::invoke_result_t<Body> Guarded(Body&& body) MW_REQUIRES(write_mutex_) {
    if (store_ != nullptr && !damaged_.load(std::memory_order_acquire)) {
      auto done = body();
      if (done || !store_->write_connection->damaged()) return done;
      MW_TRY(Replace(done.error()));
    } else {
      MW_TRY(Replace(Error{Errc::kIo, "outbox: a read found " + path_ + " damaged"}));
    }
    return body();
  }

  // Moves the damaged file aside, begins a new epoch and says so in a gap record. Accepts nothing
  // until all of that is durable; a crash in between makes the next Start begin here again.
  [[nodiscard]] Result<void> Replace(const Error& why) MW_REQUIRES(write_mutex_) {
    {
      const MutexLock read(read_mutex_);
      if (store_ != nullptr) {
        for (const LaneState& lane : store_->lanes) records_lost_ += lane.records;
      }
      store_.reset();
    }
    const Nanos now = clock_.Utc();
    MW_TRY(BeginReplacement(path_));
    MW_TRY(const std::string target, MoveAside(path_, now));
    log::Write(log::Level::kError, kRoom, "database damaged, moved aside",
               {{"error", why.what}, {"moved_to", target}, {"records_lost", records_lost_}});
    auto opened = OpenStore(path_, options_);
    if (!opened) return tl::unexpected(opened.error().error);
    const LostRange lost{.cause = "outbox_damaged", .count = records_lost_, .to = now};
    MW_TRY((*opened)->lanes, (*opened)->writer->Declare((*opened)->lanes, lost, now));
    MW_TRY(EndReplacement(path_));
    records_lost_ = 0;
    {
      const MutexLock lock(stats_mutex_);
      ++counts_.moved_aside;
    }
    return TakeOver(std::move(*opened));
  }

  [[nodiscard]] Result<void> TakeOver(std::unique_ptr<Store> store) MW_REQUIRES(write_mutex_) {
    const MutexLock read(read_mutex_);
    store_ = std::move(store);
    epoch_.store(store_->epoch, std::memory_order_release);
    damaged_.store(false, std::memory_order_release);
    const MutexLock lock(stats_mutex_);
    Publish(store_->lanes);
    return {};
  }

  void Publish(const LaneStates& lanes) MW_REQUIRES(stats_mutex_) {
    store_->lanes = lanes;
    for (size_t i = 0; i < lanes.size(); ++i) {
      LaneStats& out = counts_.lanes[i];
      out.last_sequence = lanes[i].last;
      out.acked_sequence = lanes[i].acked;
      out.records = lanes[i].records;
      out.bytes = lanes[i].bytes;
      out.evicted = lanes[i].evicted;
    }
  }

  [[nodiscard]] Result<Page> ReadPage(Lane lane, uint64_t after_sequence, size_t bytes_max,
                                      std::vector<Record>& out) {
    const MutexLock read(read_mutex_);
    if (store_ == nullptr)
      return Fail(Errc::kUnavailable, "outbox: " + path_ + " could not be replaced");
    Page page{.epoch = store_->epoch};
    Statement& rows = store_->read;
    rows.Bind(1, RowId(lane, after_sequence)).Bind(2, RowId(lane, (uint64_t{1} << 60) - 1));
    size_t bytes = 0;
    for (;;) {
      auto row = rows.Step();
      if (!row) {
        if (store_->read_connection->damaged()) damaged_.store(true, std::memory_order_release);
        return tl::unexpected(row.error());
      }
      if (!*row) break;
      const int64_t id = rows.Integer(0);
      const std::string_view payload = rows.Bytes(3);
      if (Checksum(id, rows.Integer(1), payload) != static_cast<uint32_t>(rows.Integer(2))) {
        page.damaged_sequence = SequenceOf(id);
        break;
      }
      bytes += payload.size();
      if (!out.empty() && bytes > bytes_max) break;
      out.push_back(Record{lane, SequenceOf(id), rows.Integer(1), std::string(payload)});
    }
    rows.Reset();  // ends the read transaction, which would keep the WAL from being reused
    return page;
  }

  [[nodiscard]] Result<void> GiveUp(uint64_t epoch, Lane lane, uint64_t sequence) {
    const MutexLock write(write_mutex_);
    if (store_ == nullptr || epoch != store_->epoch) return {};
    MW_TRY(const LaneStates after, Guarded([&]() -> Result<LaneStates> {
             if (epoch != store_->epoch) return store_->lanes;  // replaced just now
             return store_->writer->GiveUp(store_->lanes, lane, sequence, clock_.Utc());
           }));
    const MutexLock lock(stats_mutex_);
    ++counts_.damaged_records;
    Publish(after);
    return {};
  }

  const std::string path_;
  const OutboxOptions options_;
  os::Clock& clock_;
  ProcessLock lock_;
  // Order: write, read, stats. Writes change store_->lanes under write_mutex_; the pointer itself
  // changes only with both write_mutex_ and read_mutex_ held.
  Mutex write_mutex_;
  Mutex read_mutex_;
  mutable Mutex stats_mutex_;
  std::unique_ptr<Store> store_;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<bool> damaged_{false};  // a read found it
  uint64_t records_lost_ = 0;         // by a replacement that is not finished
  OutboxStats counts_ MW_GUARDED_BY(stats_mutex_);
};

}  // namespace

uint64_t OutboxStats::records() const {
  uint64_t sum = 0;
  for (const LaneStats& lane : lanes) sum += lane.records;
  return sum;
}

uint64_t OutboxStats::bytes() const {
  uint64_t sum = 0;
  for (const LaneStats& lane : lanes) sum += lane.bytes;
  return sum;
}

uint64_t OutboxStats::evicted() const {
  uint64_t sum = 0;
  for (const LaneStats& lane : lanes) sum += lane.evicted;
  return sum;
}

Result<std::unique_ptr<Outbox>> Outbox::Open(const std::string& path, OutboxOptions options,
                                             os::Clock& clock) {
  auto outbox = std::make_unique<SqliteOutbox>(path, std::move(options), clock);
  MW_TRY(outbox->Start());
  return outbox;
}

}  // namespace millwright::outbox
