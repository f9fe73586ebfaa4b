#include "hub/rollout/rollout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "jobs/execution.h"

namespace millwright::hub {
namespace {

using nlohmann::json;
using store::Row;

constexpr std::array<std::string_view, 8> kStateNames{
    "running", "waiting", "paused", "halted", "aborted", "done", "reversing", "reversed"};
constexpr std::array<std::string_view, kMemberStates> kMemberNames{
    "waiting",   "queued",    "fetching", "proving",   "shadow", "probation",
    "committed", "went_back", "refused",  "not_heard", "undone"};

constexpr std::string_view kRolloutColumns =
    "SELECT id, target, pack_sha256, digest, name, version, line, release_no, state, wave, "
    "wave_ns, policy, reason, created_ns, created_by, ended_ns, approved_by, kind, cohort FROM "
    "rollouts ";

RolloutState StateByName(std::string_view name) {
  const auto* found = std::ranges::find(kStateNames, name);
  return found == kStateNames.end() ? RolloutState::kHalted
                                    : static_cast<RolloutState>(found - kStateNames.begin());
}

Rollout ReadRollout(const Row& row) {
  Rollout r;
  r.id = row.Text(0);
  r.release = {.kind = model::BundleKindByName(row.Text(17)).value_or(model::BundleKind::kModel),
               .target = std::string(row.Text(1)),
               .pack_sha256 = std::string(row.Text(2)),
               .line = std::string(row.Text(6)),
               .release = row.Int(7),
               .digest = std::string(row.Text(3)),
               .name = std::string(row.Text(4)),
               .version = std::string(row.Text(5))};
  r.state = StateByName(row.Text(8));
  r.wave = static_cast<int>(row.Int(9));
  r.wave_since = row.Int(10);
  r.policy = ReadPolicy(row.Text(11)).value_or(RolloutPolicy{});
  r.reason = row.Text(12);
  r.created = row.Int(13);
  r.created_by = row.Text(14);
  r.ended = row.IsNull(15) ? 0 : row.Int(15);
  r.approved_by = row.Text(16);
  r.cohort = ParseCohort(row.Text(18));
  return r;
}

Result<std::vector<Rollout>> ReadAll(store::Database& database, const std::string& behind,
                                     store::Values values) {
  std::vector<Rollout> all;
  MW_TRY(database.Each(std::string(kRolloutColumns) + behind, values,
                       [&](const Row& row) { all.push_back(ReadRollout(row)); }));
  return all;
}

std::string Text(const json& details, const char* key) {
  const auto found = details.find(key);
  return found != details.end() && found->is_string() ? found->get<std::string>() : "";
}

MemberState StateUnderWay(std::string_view phase) {
  if (phase == "shadow") return MemberState::kShadow;
  if (phase == "probation") return MemberState::kProbation;
  if (phase == "proving" || phase == "warming_up") return MemberState::kProving;
  return MemberState::kFetching;
}

}  // namespace

std::string_view Name(RolloutState state) { return kStateNames[static_cast<size_t>(state)]; }
std::string_view Name(MemberState state) { return kMemberNames[static_cast<size_t>(state)]; }

bool IsOver(RolloutState state) {
  return state == RolloutState::kHalted || state == RolloutState::kAborted ||
         state == RolloutState::kDone || state == RolloutState::kReversed;
}

MemberState StateOf(const MemberFacts& facts) {
  using jobs::Status;
  if (facts.undo_status == jobs::Name(Status::kSucceeded)) return MemberState::kUndone;
  const auto status = jobs::StatusByName(facts.status);
  if (!status) return facts.heard ? MemberState::kWaiting : MemberState::kNotHeard;
  switch (*status) {
    case Status::kSucceeded:
      return MemberState::kCommitted;
    case Status::kFailed:
    case Status::kTimedOut:
    case Status::kRejected:
      return facts.phase == "rolled_back" || facts.phase == "undone" ? MemberState::kWentBack
                                                                     : MemberState::kRefused;
    case Status::kCanceled:
    case Status::kRemoved:
      return facts.phase == "probation" ? MemberState::kWentBack : MemberState::kWaiting;
    case Status::kQueued:
      return facts.heard ? MemberState::kQueued : MemberState::kNotHeard;
    case Status::kInProgress:
      return facts.heard ? StateUnderWay(facts.phase) : MemberState::kNotHeard;
  }
  return MemberState::kNotHeard;
}

Result<std::vector<Rollout>> LoadRollouts(store::Database& database, int64_t limit) {
  return ReadAll(database, "ORDER BY created_ns DESC, id LIMIT $1", {limit});
}

Result<std::vector<Rollout>> LoadOpenRollouts(store::Database& database) {
  return ReadAll(database,
                 "WHERE state NOT IN ('halted', 'aborted', 'done', 'reversed') "
                 "ORDER BY created_ns DESC, id",
                 {});
}

Result<Rollout> LoadRollout(store::Database& database, const std::string& id) {
  MW_TRY(std::vector<Rollout> found, ReadAll(database, "WHERE id = $1", {id}));
  if (!found.empty()) return std::move(found.front());
  return Fail(Errc::kNotFound, "rollout: there is no \"" + id + "\"");
}

Result<std::vector<RolloutDevice>> LoadRolloutDevices(store::Database& database,
                                                      const std::string& id) {
  std::vector<RolloutDevice> out;
  MW_TRY(database.Each(
      "SELECT d.device, d.site, d.wave, COALESCE(e.status, ''), COALESCE(e.details, ''), "
      "COALESCE(e.updated_ns, 0), COALESCE(u.status, ''), COALESCE(v.online, 0), "
      "COALESCE(v.last_seen_ns, 0) FROM rollout_devices d "
      "LEFT JOIN job_executions e ON e.device = d.device AND e.job_id = $1 "
      "LEFT JOIN job_executions u ON u.device = d.device AND u.job_id = $2 "
      "LEFT JOIN devices v ON v.device = d.device "
      "WHERE d.rollout_id = $3 ORDER BY d.wave, d.site, d.device",
      {id, id + "-undo", id}, [&](const Row& row) {
        json details = json::parse(row.Text(4), nullptr, false);
        if (!details.is_object()) details = json::object();
        out.push_back({.device = std::string(row.Text(0)),
                       .site = std::string(row.Text(1)),
                       .wave = static_cast<int>(row.Int(2)),
                       .status = std::string(row.Text(3)),
                       .phase = Text(details, "phase"),
                       .progress = Text(details, "progress"),
                       .reason = Text(details, "reason"),
                       .serving = Text(details, "serving"),
                       .updated = row.Int(5),
                       .undo_status = std::string(row.Text(6)),
                       .online = row.Int(7) != 0,
                       .last_seen = row.Int(8)});
      }));
  return out;
}

Result<RolloutCounts> CountMembers(store::Database& database, const std::string& id,
                                   Nanos heard_from) {
  RolloutCounts out;
  MW_TRY(database.Each(
      "SELECT COALESCE(e.status, ''), COALESCE(e.phase, ''), COALESCE(u.status, ''), "
      "CASE WHEN COALESCE(v.online, 0) = 1 AND v.last_seen_ns >= $1 THEN 1 ELSE 0 END, "
      "COUNT(*), MAX(d.wave) FROM rollout_devices d "
      "LEFT JOIN job_executions e ON e.device = d.device AND e.job_id = $2 "
      "LEFT JOIN job_executions u ON u.device = d.device AND u.job_id = $3 "
      "LEFT JOIN devices v ON v.device = d.device "
      "WHERE d.rollout_id = $4 GROUP BY 1, 2, 3, 4",
      {heard_from, id, id + "-undo", id}, [&](const Row& row) {
        const MemberState state = StateOf({.status = row.Text(0),
                                           .phase = row.Text(1),
                                           .undo_status = row.Text(2),
                                           .heard = row.Int(3) != 0});
        out.by_state[static_cast<size_t>(state)] += row.Int(4);
        out.devices += row.Int(4);
        out.waves = std::max(out.waves, static_cast<int>(row.Int(5)) + 1);
      }));
  return out;
}

Result<std::vector<RolloutLogLine>> LoadRolloutLog(store::Database& database, const std::string& id,
                                                   int64_t limit) {
  std::vector<RolloutLogLine> out;
  MW_TRY(
      database.Each("SELECT at_ns, who, what, detail FROM audit WHERE subject = $1 "
                    "ORDER BY id DESC LIMIT $2",
                    {id, limit}, [&](const Row& row) {
                      out.push_back({.at = row.Int(0),
                                     .who = std::string(row.Text(1)),
                                     .what = std::string(row.Text(2)),
                                     .detail = std::string(row.Text(3))});
                    }));
  return out;
}

}  // namespace millwright::hub
