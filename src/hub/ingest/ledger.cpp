#include "hub/ingest/ledger.h"

#include <algorithm>

#include "os/files.h"

namespace millwright::hub {

using store::Row;

Result<void> Ledger::Begin() {
  MW_TRY(
      database_.Run("INSERT INTO epochs (device, epoch, first_seen_ns) VALUES ($1, $2, $3) "
                    "ON CONFLICT (device, epoch) DO NOTHING",
                    {device_, epoch_, received_}));
  return database_.Each(
      "SELECT lane, contiguous, max_seq, stored, purged FROM lanes WHERE device = $1 AND epoch = "
      "$2",
      {device_, epoch_}, [this](const Row& row) {
        if (row.Int(0) < 0 || row.Int(0) >= kLanes) return;
        books_[row.Int(0)] = {.exists = true,
                              .contiguous = row.Int(1),
                              .max_seq = row.Int(2),
                              .stored = row.Int(3),
                              .purged = row.Int(4)};
      });
}

Result<Ledger::Verdict> Ledger::Insert(const NewEvent& event) {
  LaneBook& book = books_[event.lane];
  book.touched = true;
  if (event.sequence <= book.purged) return CompareKnown(event);
  MW_TRY(
      const int64_t inserted,
      database_.Run(
          "INSERT INTO events (device, epoch, lane, seq, kind, asset, ts_ns, received_ns, payload) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
          "ON CONFLICT (device, epoch, lane, seq) DO NOTHING",
          {device_, epoch_, event.lane, event.sequence, event.kind, event.asset, event.ts,
           received_, os::AsBytes(event.payload)}));
  if (inserted == 0) return CompareKnown(event);
  book.max_seq = std::max(book.max_seq, event.sequence);
  ++book.stored;
  return Verdict::kNew;
}

Result<Ledger::Verdict> Ledger::CompareKnown(const NewEvent& event) {
  Verdict verdict =
      Verdict::kKnown;  // also where retention took the row: then there is nothing to compare with
  MW_TRY(database_.First(
      "SELECT payload FROM events WHERE device = $1 AND epoch = $2 AND lane = $3 AND seq = $4",
      {device_, epoch_, event.lane, event.sequence}, [&](const Row& row) {
        if (os::AsText(row.Bytes(0)) != event.payload) verdict = Verdict::kConflict;
      }));
  return verdict;
}

Result<void> Ledger::Evict(int64_t lane, int64_t from, int64_t to) {
  LaneBook& book = books_[lane];
  book.touched = true;
  book.max_seq = std::max(book.max_seq, to);
  return database_
      .Run(
          "INSERT INTO evicted (device, epoch, lane, seq_from, seq_to) VALUES ($1, $2, $3, $4, $5) "
          "ON CONFLICT (device, epoch, lane, seq_from, seq_to) DO NOTHING",
          {device_, epoch_, lane, from, to})
      .transform([](int64_t) {});
}

Result<std::optional<Ledger::Forgotten>> Ledger::Forget(int64_t lane, int64_t acked) {
  const int64_t mark = books_[lane].contiguous;
  if (acked <= mark) return std::optional<Forgotten>();
  Forgotten out{.from = mark + 1, .to = acked, .missing = acked - mark, .after = 0};
  MW_TRY(database_.Each(
      "SELECT COUNT(*) FROM events WHERE device = $1 AND epoch = $2 AND lane = $3 AND seq > $4 "
      "AND seq <= $5",
      {device_, epoch_, lane, mark, acked}, [&](const Row& row) { out.missing -= row.Int(0); }));
  MW_TRY(database_.Each(
      "SELECT seq_from, seq_to FROM evicted WHERE device = $1 AND epoch = $2 AND lane = $3 AND "
      "seq_from <= $4 AND seq_to >= $5",
      {device_, epoch_, lane, acked, out.from}, [&](const Row& row) {
        out.missing -= std::min(row.Int(1), acked) - std::max(row.Int(0), out.from) + 1;
      }));
  MW_TRY(database_.Each(
      "SELECT ts_ns FROM events WHERE device = $1 AND epoch = $2 AND lane = $3 AND seq <= $4 "
      "ORDER BY seq DESC LIMIT 1",
      {device_, epoch_, lane, mark}, [&](const Row& row) { out.after = row.Int(0); }));
  MW_TRY(Evict(lane, out.from, out.to));
  return std::optional(out);
}

// Walks over what is present above the mark: events one by one, evicted ranges at once. Stops at
// the first hole, so a lane with a hole costs one row a batch however much waits behind it.
Result<void> Ledger::Advance(int64_t lane, LaneBook& book) {
  constexpr int kRowsAtOnce = 256;
  int64_t before = -1;
  while (book.contiguous != before) {
    before = book.contiguous;
    bool hole = false;
    MW_TRY(database_.Each(
        "SELECT seq FROM events WHERE device = $1 AND epoch = $2 AND lane = $3 AND seq > $4 "
        "ORDER BY seq LIMIT $5",
        {device_, epoch_, lane, book.contiguous, kRowsAtOnce}, [&](const Row& row) {
          if (hole || row.Int(0) != book.contiguous + 1)
            hole = true;
          else
            ++book.contiguous;
        }));
    MW_TRY(database_.Each(
        "SELECT MAX(seq_to) FROM evicted WHERE device = $1 AND epoch = $2 AND lane = $3 "
        "AND seq_from <= $4",
        {device_, epoch_, lane, book.contiguous + 1}, [&](const Row& row) {
          if (!row.IsNull(0)) book.contiguous = std::max(book.contiguous, row.Int(0));
        }));
  }
  return {};
}

Result<std::vector<LaneMark>> Ledger::Finish() {
  std::vector<LaneMark> marks;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    LaneBook& book = books_[lane];
    if (book.touched) {
      MW_TRY(Advance(lane, book));
      MW_TRY(database_.Run(
          "INSERT INTO lanes (device, epoch, lane, contiguous, max_seq, stored, purged) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (device, epoch, lane) DO UPDATE SET "
          "contiguous = excluded.contiguous, max_seq = excluded.max_seq, stored = excluded.stored",
          {device_, epoch_, lane, book.contiguous, book.max_seq, book.stored, book.purged}));
    }
    if (book.touched || book.exists) marks.push_back({lane, book.contiguous});
  }
  return marks;
}

}  // namespace millwright::hub
