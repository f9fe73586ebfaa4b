#include "hub/rollout/rollouts.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "crypto/sha256.h"

namespace millwright::hub {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kStateNames{
    "running", "waiting", "paused", "halted", "aborted", "done", "reversing", "reversed"};
constexpr size_t kDevicesMax = 200'000;

RolloutState StateByName(std::string_view name) {
  const auto* found = std::ranges::find(kStateNames, name);
  return found == kStateNames.end() ? RolloutState::kHalted
                                    : static_cast<RolloutState>(found - kStateNames.begin());
}

std::string InstallJob(const Rollout& r) { return r.id; }
std::string UndoJob(const Rollout& r) { return r.id + "-undo"; }

std::string InstallDocument(const Rollout& r) {
  ordered_json document = {
      {"operation", "millwright.install"},
      {"format", 1},
      {"target", r.release.target},
      {"bundle",
       {{"digest", r.release.digest}, {"name", r.release.name}, {"version", r.release.version}}},
      {"metadata_stream", kMetadataStream},
      {"pack_stream", PackStream(r.release.pack_sha256)},
      {"pack_file", 0}};
  ordered_json trial = ordered_json::object();
  if (r.policy.windows_min > 0) trial["windows_min"] = r.policy.windows_min;
  if (r.policy.time_min_s >= 0) trial["time_min_s"] = r.policy.time_min_s;
  if (!trial.empty()) document["trial"] = trial;
  return document.dump();
}

std::string UndoDocument(const Rollout& r) {
  return ordered_json{{"operation", "millwright.undo"},
                      {"format", 1},
                      {"bundle", {{"digest", r.release.digest}}},
                      {"reason", r.reason.empty() ? "the rollout was reversed" : r.reason}}
      .dump();
}

constexpr std::string_view kRolloutColumns =
    "SELECT id, target, pack_sha256, digest, name, version, line, release_no, state, wave, "
    "wave_ns, policy, reason, created_ns, created_by, ended_ns FROM rollouts ";

Rollout ReadRollout(const store::Row& row) {
  Rollout r;
  r.id = row.Text(0);
  r.release = {.target = std::string(row.Text(1)),
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
  return r;
}

std::string Text(const ordered_json& details, const char* key) {
  const auto found = details.find(key);
  return found != details.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string_view Name(RolloutState state) { return kStateNames[static_cast<size_t>(state)]; }

bool IsOver(RolloutState state) {
  return state == RolloutState::kHalted || state == RolloutState::kAborted ||
         state == RolloutState::kDone || state == RolloutState::kReversed;
}

Rollouts::Rollouts(std::unique_ptr<store::Database> database, Releases& releases, os::Clock& clock)
    : database_(std::move(database)), jobs_(*database_), releases_(releases), clock_(clock) {}

// -- reading

Result<std::vector<Rollout>> Rollouts::LoadAll() {
  std::vector<Rollout> all;
  MW_TRY(database_->Each(std::string(kRolloutColumns) + "ORDER BY created_ns DESC, id", {},
                         [&](const store::Row& row) { all.push_back(ReadRollout(row)); }));
  return all;
}

Result<Rollout> Rollouts::Load(const std::string& id) {
  std::optional<Rollout> found;
  MW_TRY(database_->First(std::string(kRolloutColumns) + "WHERE id = $1", {id},
                          [&](const store::Row& row) { found = ReadRollout(row); }));
  if (found) return std::move(*found);
  return Fail(Errc::kNotFound, "rollout: there is no \"" + id + "\"");
}

Result<std::vector<RolloutDevice>> Rollouts::Devices(const std::string& id) {
  std::vector<RolloutDevice> out;
  MW_TRY(database_->Each(
      "SELECT d.device, d.site, d.wave, COALESCE(e.status, ''), COALESCE(e.details, ''), "
      "COALESCE(e.updated_ns, 0), COALESCE(u.status, '') FROM rollout_devices d "
      "LEFT JOIN job_executions e ON e.device = d.device AND e.job_id = $1 "
      "LEFT JOIN job_executions u ON u.device = d.device AND u.job_id = $2 "
      "WHERE d.rollout_id = $3 ORDER BY d.wave, d.site, d.device",
      {id, id + "-undo", id}, [&](const store::Row& row) {
        ordered_json details = ordered_json::parse(row.Text(4), nullptr, false);
        if (!details.is_object()) details = ordered_json::object();
        out.push_back({.device = std::string(row.Text(0)),
                       .site = std::string(row.Text(1)),
                       .wave = static_cast<int>(row.Int(2)),
                       .status = std::string(row.Text(3)),
                       .phase = Text(details, "phase"),
                       .progress = Text(details, "progress"),
                       .reason = Text(details, "reason"),
                       .serving = Text(details, "serving"),
                       .updated = row.Int(5),
                       .undo_status = std::string(row.Text(6))});
      }));
  return out;
}

Result<std::vector<Rollout>> Rollouts::List() {
  const MutexLock lock(mutex_);
  return LoadAll();
}

Result<RolloutView> Rollouts::Find(const std::string& id) {
  const MutexLock lock(mutex_);
  RolloutView view;
  MW_TRY(view.rollout, Load(id));
  MW_TRY(view.devices, Devices(id));
  return view;
}

Result<std::vector<ReleaseInfo>> Rollouts::Offers() {
  const MutexLock lock(mutex_);
  return releases_.List();
}

// -- starting

Result<std::vector<FleetMember>> Rollouts::Fleet(const RolloutRequest& request) {
  std::vector<FleetMember> fleet;
  std::set<std::string> unknown(request.devices.begin(), request.devices.end());
  MW_TRY(database_->Each("SELECT device, site, online FROM devices ORDER BY device", {},
                         [&](const store::Row& row) {
                           FleetMember m{.device = std::string(row.Text(0)),
                                         .site = std::string(row.Text(1)),
                                         .online = row.Int(2) != 0};
                           const auto& sites = request.sites;
                           if (!sites.empty() && std::ranges::find(sites, m.site) == sites.end())
                             return;
                           if (!request.devices.empty() && unknown.erase(m.device) == 0) return;
                           fleet.push_back(std::move(m));
                         }));
  if (!unknown.empty())
    return Fail(Errc::kNotFound, "rollout: there is no gateway \"" + *unknown.begin() + "\"");
  if (fleet.empty()) return Fail(Errc::kNotFound, "rollout: no gateway is known there");
  if (fleet.size() > kDevicesMax)
    return Fail(Errc::kExhausted,
                "rollout: more than " + std::to_string(kDevicesMax) + " gateways");
  return fleet;
}

Result<RolloutView> Rollouts::Start(const RolloutRequest& request) {
  const MutexLock lock(mutex_);
  RolloutView view;
  Rollout& r = view.rollout;
  MW_TRY(r.release, releases_.Find(request.target));
  MW_TRY(const std::vector<Rollout> all, LoadAll());
  for (const Rollout& other : all)
    if (!IsOver(other.state) && other.release.line == r.release.line)
      return Fail(Errc::kConflict, "rollout: " + other.id + " of the same line is under way");
  MW_TRY(const std::vector<FleetMember> fleet, Fleet(request));
  r.created = r.wave_since = clock_.Utc();
  r.created_by = request.who;
  r.policy = request.policy;
  r.id = "r-" + crypto::Sha256Hex(request.target + std::to_string(r.created)).substr(0, 12);
  const std::vector<Placed> placed = PlanWaves(r.policy, fleet, r.id);
  for (const Placed& p : placed)
    view.devices.push_back({.device = p.device, .site = p.site, .wave = p.wave});
  if (request.dry_run) return view;
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(Insert(r, placed));
  MW_TRY(QueueWave(r, touched_));
  MW_TRY(Note(request.who, "rollout started", r.id, request.target));
  MW_TRY(transaction.Commit());
  return view;
}

Result<void> Rollouts::Insert(const Rollout& r, const std::vector<Placed>& placed) {
  MW_TRY(database_->Run(
      "INSERT INTO rollouts (id, target, pack_sha256, digest, name, version, line, release_no, "
      "state, wave, wave_ns, policy, reason, created_ns, created_by) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      {r.id, r.release.target, r.release.pack_sha256, r.release.digest, r.release.name,
       r.release.version, r.release.line, r.release.release, Name(r.state), r.wave, r.wave_since,
       WritePolicy(r.policy), r.reason, r.created, r.created_by}));
  for (const Placed& p : placed)
    MW_TRY(database_->Run(
        "INSERT INTO rollout_devices (rollout_id, device, site, wave) VALUES ($1, $2, $3, $4)",
        {r.id, p.device, p.site, p.wave}));
  return {};
}

Result<void> Rollouts::QueueWave(const Rollout& r, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, Devices(r.id));
  const Nanos now = clock_.Utc();
  for (const RolloutDevice& d : devices) {
    if (d.wave != r.wave || !d.status.empty()) continue;
    MW_TRY(jobs_.Queue(d.device, r.id,
                       {.job_id = InstallJob(r),
                        .queued_at = now,
                        .updated_at = now,
                        .document = InstallDocument(r)}));
    touched.push_back(d.device);
  }
  return {};
}

// -- steps

Result<std::vector<std::string>> Rollouts::Step() {
  const MutexLock lock(mutex_);
  Touched touched = std::exchange(touched_, {});
  MW_TRY(const std::vector<Rollout> all, LoadAll());
  for (const Rollout& r : all) {
    if (r.state != RolloutState::kRunning && r.state != RolloutState::kReversing) continue;
    MW_TRY(store::Transaction transaction, database_->Begin());
    MW_TRY(r.state == RolloutState::kRunning ? StepOne(r, touched) : StepBack(r, touched));
    MW_TRY(transaction.Commit());
  }
  return touched;
}

Result<void> Rollouts::StepOne(Rollout r, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, Devices(r.id));
  Progress p{.wave_age = clock_.Utc() - r.wave_since, .approved = r.reason == "approved"};
  int last = 0;
  for (const RolloutDevice& d : devices) {
    last = std::max(last, d.wave);
    if (d.wave > r.wave) continue;
    ++p.in_wave;
    const auto status = jobs::StatusByName(d.status);
    if (status == jobs::Status::kSucceeded) {
      ++p.succeeded;
    } else if (!status || !jobs::IsTerminal(*status)) {
      ++p.pending;
    } else {
      ++p.failed;
    }
  }
  p.last_wave = r.wave >= last;
  const Judgement judgement = Judge(r.policy, p, r.wave + 1 >= last);
  switch (judgement.verdict) {
    case Verdict::kWait:
      return {};
    case Verdict::kHalt:
      MW_TRY(Note("hub", "rollout halted", r.id, judgement.reason));
      return End(std::move(r), RolloutState::kHalted, judgement.reason, touched);
    case Verdict::kDone:
      MW_TRY(Note("hub", "rollout done", r.id, ""));
      r.state = RolloutState::kDone;
      r.reason = p.failed == 0 ? "" : std::to_string(p.failed) + " gateways did not take the model";
      r.ended = clock_.Utc();
      return Save(r);
    case Verdict::kAskApproval:
      r.state = RolloutState::kWaiting;
      r.reason = judgement.reason;
      return Save(r);
    case Verdict::kNextWave:
      ++r.wave;
      r.wave_since = clock_.Utc();
      MW_TRY(Save(r));
      return QueueWave(r, touched);
  }
  return {};
}

Result<void> Rollouts::StepBack(Rollout r, Touched& touched) {
  MW_TRY(QueueUndo(r, touched));  // also for those that had not answered when the way back began
  MW_TRY(const std::vector<RolloutDevice> devices, Devices(r.id));
  for (const RolloutDevice& d : devices) {
    const auto install = jobs::StatusByName(d.status);
    const auto undo = jobs::StatusByName(d.undo_status);
    if (install && !jobs::IsTerminal(*install)) return {};
    if (undo && !jobs::IsTerminal(*undo)) return {};
  }
  r.state = RolloutState::kReversed;
  r.ended = clock_.Utc();
  MW_TRY(Note("hub", "rollout reversed", r.id, ""));
  return Save(r);
}

Result<void> Rollouts::QueueUndo(const Rollout& r, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, Devices(r.id));
  const Nanos now = clock_.Utc();
  for (const RolloutDevice& d : devices) {
    if (d.status != jobs::Name(jobs::Status::kSucceeded) || !d.undo_status.empty()) continue;
    MW_TRY(jobs_.Queue(
        d.device, r.id,
        {.job_id = UndoJob(r), .queued_at = now, .updated_at = now, .document = UndoDocument(r)}));
    touched.push_back(d.device);
  }
  return {};
}

// Cancelled executions vanish from a device's list: it drops the candidate, in probation too.
Result<void> Rollouts::Cancel(const std::string& id, const std::string& why, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, Devices(id));
  for (const RolloutDevice& d : devices) {
    const auto status = jobs::StatusByName(d.status);
    if (!status || jobs::IsTerminal(*status)) continue;
    MW_TRY(auto execution, jobs_.Find(d.device, id));
    if (!execution) continue;
    execution->status = jobs::Status::kCanceled;
    execution->details["reason"] = why;
    execution->updated_at = clock_.Utc();
    execution->step_deadline = 0;
    ++execution->version;
    MW_TRY(jobs_.Save(d.device, *execution));
    touched.push_back(d.device);
  }
  return {};
}

Result<void> Rollouts::End(Rollout r, RolloutState state, const std::string& reason,
                           Touched& touched) {
  MW_TRY(Cancel(r.id, reason, touched));
  r.state = state;
  r.reason = reason.substr(0, kRolloutReasonMax);
  r.ended = clock_.Utc();
  return Save(r);
}

Result<void> Rollouts::Save(const Rollout& r) {
  MW_TRY(
      database_->Run("UPDATE rollouts SET state = $1, wave = $2, wave_ns = $3, reason = $4, "
                     "ended_ns = $5 WHERE id = $6",
                     {Name(r.state), r.wave, r.wave_since, r.reason,
                      r.ended == 0 ? store::Value(nullptr) : store::Value(r.ended), r.id}));
  return {};
}

Result<void> Rollouts::Note(std::string_view who, std::string_view what, std::string_view subject,
                            std::string_view detail) {
  MW_TRY(
      database_->Run("INSERT INTO audit (id, at_ns, who, what, subject, detail) "
                     "VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM audit), $1, $2, $3, $4, $5)",
                     {clock_.Utc(), who, what, subject, detail.substr(0, kRolloutReasonMax)}));
  return {};
}

}  // namespace millwright::hub
