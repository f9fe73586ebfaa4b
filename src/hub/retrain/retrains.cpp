#include "hub/retrain/retrains.h"

#include <array>

#include "crypto/sha256.h"
#include "store/audit.h"

namespace millwright::hub::retrain {
namespace {

constexpr std::array<std::string_view, 10> kNames = {
    "queued",    "freezing", "training", "comparing", "waiting",
    "releasing", "promoted", "refused",  "failed",    "cancelled"};

constexpr std::string_view kColumns =
    "SELECT id, number, cause, who, why, state, words, cancelled_by, approved_by, attempts, "
    "created_ns, updated_ns, code_version, parent, data_sha256, bundle, figures, rollout "
    "FROM retrains ";
constexpr std::string_view kOpen =
    "state IN ('queued', 'freezing', 'training', 'comparing', 'waiting', 'releasing')";

// A word of a newer program's is over: nothing is done with what is not understood.
State StateOf(std::string_view word) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == word) return static_cast<State>(i);
  return State::kFailed;
}

Retrain FromRow(const store::Row& row) {
  const auto text = [&](int column) { return std::string(row.Text(column)); };
  return {.id = text(0),
          .number = row.Int(1),
          .cause = text(2),
          .who = text(3),
          .why = text(4),
          .state = StateOf(row.Text(5)),
          .words = text(6),
          .cancelled_by = text(7),
          .approved_by = text(8),
          .attempts = row.Int(9),
          .created = row.Int(10),
          .updated = row.Int(11),
          .code_version = text(12),
          .parent = text(13),
          .data_sha256 = text(14),
          .bundle = text(15),
          .figures = text(16),
          .rollout = text(17)};
}

Result<int64_t> One(store::Database& database, const std::string& sql) {
  int64_t value = 0;
  MW_TRY(const bool any,
         database.First(sql, {}, [&](const store::Row& row) { value = row.Int(0); }));
  return any ? value : 0;
}

}  // namespace

std::string_view Name(State state) { return kNames[static_cast<size_t>(state)]; }

Result<Retrain> LoadRetrain(store::Database& database, const std::string& id) {
  Retrain job;
  MW_TRY(const bool any, database.First(std::string(kColumns) + "WHERE id = $1", {id},
                                        [&](const store::Row& row) { job = FromRow(row); }));
  if (!any) return Fail(Errc::kNotFound, "there is no retraining " + id);
  return job;
}

Result<std::vector<Retrain>> LoadRetrains(store::Database& database, int64_t limit) {
  std::vector<Retrain> jobs;
  MW_TRY(database.Each(std::string(kColumns) + "ORDER BY number DESC LIMIT $1", {limit},
                       [&](const store::Row& row) { jobs.push_back(FromRow(row)); }));
  return jobs;
}

Result<Retrain> Retrains::FindLocked(const std::string& id) { return LoadRetrain(*database_, id); }

Result<Retrain> Retrains::Find(const std::string& id) {
  const MutexLock lock(mutex_);
  return FindLocked(id);
}

Result<Retrain> Retrains::Ask(std::string_view cause, std::string_view who, std::string_view why) {
  if (why.size() > kWhyMax)
    return Fail(Errc::kInvalid,
                "why must not be longer than " + std::to_string(kWhyMax) + " bytes");
  const MutexLock lock(mutex_);
  MW_TRY(auto transaction, database_->Begin());
  MW_TRY(const int64_t open,
         One(*database_, "SELECT COUNT(*) FROM retrains WHERE " + std::string(kOpen)));
  if (open >= kOpenMax)
    return Fail(Errc::kExhausted,
                std::to_string(open) + " retrainings are open; no more are queued");
  MW_TRY(const int64_t newest, One(*database_, "SELECT MAX(number) FROM retrains"));
  const Nanos now = clock_.Utc();
  const int64_t number = newest + 1;
  const std::string seed = std::to_string(number) + " " + std::to_string(now);
  const std::string id = "t-" + crypto::Sha256Hex(seed).substr(0, 12);
  MW_TRY(database_->Run(
      "INSERT INTO retrains (id, number, cause, who, why, state, words, cancelled_by, approved_by, "
      "attempts, created_ns, updated_ns, code_version, parent, data_sha256, bundle, figures, "
      "rollout) VALUES ($1, $2, $3, $4, $5, 'queued', '', '', '', 0, $6, $6, '', '', '', '', '', "
      "'')",
      {id, number, cause, who, why, now}));
  MW_TRY(store::WriteAudit(*database_, now,
                           {.who = who, .what = "retrain", .subject = id, .detail = why}));
  MW_TRY(transaction.Commit());
  return FindLocked(id);
}

Result<Retrain> Retrains::Cancel(const std::string& id, const std::string& who) {
  const MutexLock lock(mutex_);
  MW_TRY(auto transaction, database_->Begin());
  MW_TRY(const Retrain job, FindLocked(id));
  if (IsOver(job.state))
    return Fail(Errc::kConflict, id + " is over: " + std::string(Name(job.state)));
  const bool at_rest = job.state == State::kQueued || job.state == State::kWaiting;
  const Nanos now = clock_.Utc();
  MW_TRY(database_->Run(
      "UPDATE retrains SET cancelled_by = $1, state = $2, updated_ns = $3 WHERE id = $4",
      {who, Name(at_rest ? State::kCancelled : job.state), now, id}));
  MW_TRY(store::WriteAudit(*database_, now,
                           {.who = who, .what = "retrain cancel", .subject = id, .detail = {}}));
  MW_TRY(transaction.Commit());
  return FindLocked(id);
}

Result<Retrain> Retrains::Approve(const std::string& id, const std::string& who) {
  const MutexLock lock(mutex_);
  MW_TRY(auto transaction, database_->Begin());
  MW_TRY(const Retrain job, FindLocked(id));
  if (job.state != State::kWaiting)
    return Fail(Errc::kConflict, id + " waits for nobody: it is " + std::string(Name(job.state)));
  const Nanos now = clock_.Utc();
  MW_TRY(
      database_->Run("UPDATE retrains SET approved_by = $1, state = 'releasing', attempts = 0, "
                     "updated_ns = $2 WHERE id = $3",
                     {who, now, id}));
  MW_TRY(store::WriteAudit(*database_, now,
                           {.who = who, .what = "retrain approve", .subject = id, .detail = {}}));
  MW_TRY(transaction.Commit());
  return FindLocked(id);
}

Result<std::optional<Retrain>> Retrains::Next() {
  const MutexLock lock(mutex_);
  std::optional<Retrain> job;
  MW_TRY([[maybe_unused]] const bool any,
         database_->First(std::string(kColumns) + "WHERE " + std::string(kOpen) +
                              " AND state <> 'waiting' "
                              "ORDER BY CASE WHEN state = 'queued' THEN 1 ELSE 0 END, number",
                          {}, [&](const store::Row& row) { job = FromRow(row); }));
  return job;
}

Result<void> Retrains::Save(Retrain& job) {
  const MutexLock lock(mutex_);
  MW_TRY(auto transaction, database_->Begin());
  MW_TRY(const Retrain before, FindLocked(job.id));
  if (IsOver(before.state)) return Fail(Errc::kConflict, job.id + " is over");
  job.updated = clock_.Utc();
  MW_TRY(database_->Run(
      "UPDATE retrains SET state = $1, words = $2, attempts = $3, updated_ns = $4, code_version = "
      "$5, parent = $6, data_sha256 = $7, bundle = $8, figures = $9, rollout = $10 WHERE id = $11",
      {Name(job.state), job.words, job.attempts, job.updated, job.code_version, job.parent,
       job.data_sha256, job.bundle, job.figures, job.rollout, job.id}));
  if (job.state != before.state)
    MW_TRY(store::WriteAudit(*database_, job.updated,
                             {.who = "hub",
                              .what = "retrain " + std::string(Name(job.state)),
                              .subject = job.id,
                              .detail = job.words}));
  return transaction.Commit();
}

Result<std::string> Retrains::LastPromoted() {
  const MutexLock lock(mutex_);
  std::string id;
  MW_TRY([[maybe_unused]] const bool any,
         database_->First("SELECT id FROM retrains WHERE state = 'promoted' ORDER BY number DESC",
                          {}, [&](const store::Row& row) { id = row.Text(0); }));
  return id;
}

Result<Nanos> Retrains::LastAsked() {
  const MutexLock lock(mutex_);
  return One(*database_, "SELECT MAX(created_ns) FROM retrains");
}

}  // namespace millwright::hub::retrain
