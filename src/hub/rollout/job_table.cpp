#include "hub/rollout/job_table.h"

#include <nlohmann/json.hpp>

#include "hub/rollout/rollout.h"
#include "hub/rollout/trial_points.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr std::string_view kColumns =
    "SELECT job_id, status, details, version, number, queued_ns, started_ns, updated_ns, "
    "deadline_ns, document FROM job_executions ";

jobs::Execution ReadRow(const store::Row& row) {
  jobs::Execution e;
  e.job_id = row.Text(0);
  e.status = jobs::StatusByName(row.Text(1)).value_or(jobs::Status::kFailed);
  const json details = json::parse(row.Text(2), nullptr, false);
  if (details.is_object())
    for (const auto& [key, value] : details.items())
      if (value.is_string()) e.details[key] = value;
  e.version = row.Int(3);
  e.number = row.Int(4);
  e.queued_at = row.Int(5);
  e.started_at = row.Int(6);
  e.updated_at = row.Int(7);
  e.step_deadline = row.Int(8);
  e.document = row.Text(9);
  return e;
}

std::string DetailsText(const jobs::Execution& e) {
  return json(e.details).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string PhaseOf(const jobs::Execution& e) {
  const auto phase = e.details.find("phase");
  return phase == e.details.end() ? std::string() : phase->second;
}

// What the log of a rollout says about a gateway; empty: nothing worth a line.
std::string_view Word(const jobs::Execution& e, std::string_view phase) {
  switch (e.status) {
    case jobs::Status::kInProgress:
      return phase == "probation" ? "decides with it, on probation" : "";
    case jobs::Status::kSucceeded:
      return phase == "undone" ? "is back with the model before" : "committed";
    case jobs::Status::kFailed:
      return phase == "rolled_back" || phase == "undone" ? "went back" : "refused";
    case jobs::Status::kRejected:
      return "did not understand the job";
    case jobs::Status::kTimedOut:
      return "took too long";
    case jobs::Status::kCanceled:
      return "was told to stop";
    case jobs::Status::kQueued:
    case jobs::Status::kRemoved:
      break;
  }
  return "";
}

// What has begun goes on, and the way back from a bad model waits for no hour.
bool WaitsForWindow(const jobs::Execution& e) {
  return e.status == jobs::Status::kQueued && !e.job_id.ends_with(kUndoSuffix);
}

}  // namespace

Result<std::vector<jobs::Execution>> JobTable::Pending(std::string_view thing) {
  std::vector<jobs::Execution> out;
  // IN_PROGRESS sorts before QUEUED.
  MW_TRY(database_.Each(std::string(kColumns) +
                            "WHERE device = $1 AND status IN ('IN_PROGRESS', 'QUEUED') "
                            "ORDER BY status, queued_ns, job_id",
                        {thing}, [&](const store::Row& row) { out.push_back(ReadRow(row)); }));
  if (out.empty()) return out;
  MW_TRY(const bool open, IsOpenFor(thing));
  if (!open) std::erase_if(out, [](const jobs::Execution& e) { return WaitsForWindow(e); });
  return out;
}

Result<bool> JobTable::IsOpenFor(std::string_view thing) {
  const auto calendars = maintenance_ == nullptr ? nullptr : maintenance_->calendars();
  if (!calendars || calendars->empty()) return true;
  std::string site;
  MW_TRY(database_.First("SELECT site FROM devices WHERE device = $1", {thing},
                         [&](const store::Row& row) { site = row.Text(0); }));
  return IsOpen(*calendars, site, clock_.Utc());
}

Result<std::optional<jobs::Execution>> JobTable::Find(std::string_view thing,
                                                      std::string_view job_id) {
  std::optional<jobs::Execution> out;
  MW_TRY(database_.First(std::string(kColumns) + "WHERE device = $1 AND job_id = $2",
                         {thing, job_id}, [&](const store::Row& row) { out = ReadRow(row); }));
  return out;
}

Result<void> JobTable::Save(std::string_view thing, const jobs::Execution& e) {
  Known known;
  MW_TRY(database_.First(
      "SELECT rollout_id, phase FROM job_executions WHERE device = $1 AND job_id = $2",
      {thing, e.job_id}, [&](const store::Row& row) {
        known = {.rollout = std::string(row.Text(0)), .phase = std::string(row.Text(1))};
      }));
  MW_TRY(const int64_t changed,
         database_.Run("UPDATE job_executions SET status = $1, details = $2, version = $3, "
                       "started_ns = $4, updated_ns = $5, deadline_ns = $6, phase = $7 "
                       "WHERE device = $8 AND job_id = $9",
                       {jobs::Name(e.status), DetailsText(e), e.version, e.started_at, e.updated_at,
                        e.step_deadline, PhaseOf(e), thing, e.job_id}));
  if (changed != 1)
    return Fail(Errc::kNotFound, "rollout: no job " + e.job_id + " of " + std::string(thing));
  return NoteChange(thing, e, known);
}

// Where a later rollout of the line is there, that one brings the device on: going back too would
// undo the later model.
Result<void> JobTable::NoteLate(std::string_view thing, const jobs::Execution& reported) {
  MW_TRY(Save(thing, reported));
  std::string id;
  MW_TRY(database_.First("SELECT rollout_id FROM job_executions WHERE device = $1 AND job_id = $2",
                         {thing, reported.job_id},
                         [&](const store::Row& row) { id = row.Text(0); }));
  MW_TRY(const Rollout rollout, LoadRollout(database_, id));
  const bool goes_back = rollout.state == RolloutState::kReversed ||
                         (rollout.state == RolloutState::kHalted && rollout.policy.reverse_on_halt);
  if (!goes_back) return {};
  return database_
      .Run(
          "UPDATE rollouts SET state = $1, ended_ns = NULL WHERE id = $2 AND NOT EXISTS "
          "(SELECT 1 FROM rollouts later WHERE later.line = rollouts.line "
          "AND later.created_ns > rollouts.created_ns)",
          {Name(RolloutState::kReversing), id})
      .transform([](int64_t) {});
}

Result<void> JobTable::NoteChange(std::string_view thing, const jobs::Execution& e,
                                  const Known& before) {
  if (const auto told = e.details.find("trial"); told != e.details.end()) {
    if (auto point = ReadTrialPoint(told->second)) {
      point->at = e.updated_at;
      MW_TRY(SaveTrialPoint(database_, before.rollout, thing, *point));
    }
  }
  const std::string phase = PhaseOf(e);
  const std::string_view word = Word(e, phase);
  const auto reason = e.details.find("reason");
  if (!word.empty() && (phase != before.phase || jobs::IsTerminal(e.status)))
    MW_TRY(store::WriteAudit(
        database_, e.updated_at,
        {.who = thing,
         .what = word,
         .subject = before.rollout,
         .detail =
             reason == e.details.end() ? std::string_view() : std::string_view(reason->second)}));
  if (on_change_) on_change_(before.rollout);
  return {};
}

Result<std::vector<std::string>> JobTable::Overdue(Nanos now) {
  std::vector<std::string> out;
  MW_TRY(
      database_.Each("SELECT DISTINCT device FROM job_executions WHERE status IN "
                     "('IN_PROGRESS', 'QUEUED') AND deadline_ns > 0 AND deadline_ns <= $1",
                     {now}, [&](const store::Row& row) { out.emplace_back(row.Text(0)); }));
  return out;
}

Result<std::vector<std::string>> JobTable::Uninformed(Nanos queued_before, Nanos cancelled_since) {
  const auto calendars = maintenance_ == nullptr ? nullptr : maintenance_->calendars();
  const Nanos now = clock_.Utc();
  std::vector<std::string> out;
  MW_TRY(database_.Each(
      "SELECT e.device, v.site, MAX(CASE WHEN e.status = 'CANCELED' OR e.job_id <> e.rollout_id "
      "THEN 1 ELSE 0 END) FROM job_executions e "
      "JOIN devices v ON v.device = e.device AND v.online = 1 "
      "WHERE (e.status = 'QUEUED' AND e.updated_ns < $1) "
      "OR (e.status = 'CANCELED' AND e.updated_ns >= $2) GROUP BY e.device, v.site",
      {queued_before, cancelled_since}, [&](const store::Row& row) {
        const bool at_any_time = row.Int(2) != 0;
        if (at_any_time || !calendars || IsOpen(*calendars, row.Text(1), now))
          out.emplace_back(row.Text(0));
      }));
  return out;
}

Result<void> JobTable::Queue(std::string_view thing, const std::string& rollout,
                             const jobs::Execution& e) {
  MW_TRY(database_.Run(
      "INSERT INTO job_executions (device, job_id, rollout_id, status, details, "
      "version, number, queued_ns, started_ns, updated_ns, deadline_ns, document, phase) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
      {thing, e.job_id, rollout, jobs::Name(e.status), DetailsText(e), e.version, e.number,
       e.queued_at, e.started_at, e.updated_at, e.step_deadline, e.document, PhaseOf(e)}));
  return {};
}

}  // namespace millwright::hub
