#include "hub/rollout/job_table.h"

#include <nlohmann/json.hpp>

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

}  // namespace

Result<std::vector<jobs::Execution>> JobTable::Pending(std::string_view thing) {
  std::vector<jobs::Execution> out;
  // IN_PROGRESS sorts before QUEUED.
  MW_TRY(database_.Each(std::string(kColumns) +
                            "WHERE device = $1 AND status IN ('IN_PROGRESS', 'QUEUED') "
                            "ORDER BY status, queued_ns, job_id",
                        {thing}, [&](const store::Row& row) { out.push_back(ReadRow(row)); }));
  return out;
}

Result<std::optional<jobs::Execution>> JobTable::Find(std::string_view thing,
                                                      std::string_view job_id) {
  std::optional<jobs::Execution> out;
  MW_TRY(database_.First(std::string(kColumns) + "WHERE device = $1 AND job_id = $2",
                         {thing, job_id}, [&](const store::Row& row) { out = ReadRow(row); }));
  return out;
}

Result<void> JobTable::Save(std::string_view thing, const jobs::Execution& e) {
  MW_TRY(const int64_t changed,
         database_.Run("UPDATE job_executions SET status = $1, details = $2, version = $3, "
                       "started_ns = $4, updated_ns = $5, deadline_ns = $6 "
                       "WHERE device = $7 AND job_id = $8",
                       {jobs::Name(e.status), DetailsText(e), e.version, e.started_at, e.updated_at,
                        e.step_deadline, thing, e.job_id}));
  if (changed == 1) return {};
  return Fail(Errc::kNotFound, "rollout: no job " + e.job_id + " of " + std::string(thing));
}

Result<std::vector<std::string>> JobTable::Overdue(Nanos now) {
  std::vector<std::string> out;
  MW_TRY(
      database_.Each("SELECT DISTINCT device FROM job_executions WHERE status IN "
                     "('IN_PROGRESS', 'QUEUED') AND deadline_ns > 0 AND deadline_ns <= $1",
                     {now}, [&](const store::Row& row) { out.emplace_back(row.Text(0)); }));
  return out;
}

Result<void> JobTable::Queue(std::string_view thing, const std::string& rollout,
                             const jobs::Execution& e) {
  MW_TRY(database_.Run(
      "INSERT INTO job_executions (device, job_id, rollout_id, status, details, "
      "version, number, queued_ns, started_ns, updated_ns, deadline_ns, document) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      {thing, e.job_id, rollout, jobs::Name(e.status), DetailsText(e), e.version, e.number,
       e.queued_at, e.started_at, e.updated_at, e.step_deadline, e.document}));
  return {};
}

}  // namespace millwright::hub
