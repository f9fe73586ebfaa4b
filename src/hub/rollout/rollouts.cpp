#include "hub/rollout/rollouts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "crypto/sha256.h"
#include "hub/rollout/foresight.h"
#include "hub/rollout/gates.h"

namespace millwright::hub {
namespace {

using nlohmann::ordered_json;

std::string InstallJob(const Rollout& r) { return r.id; }

std::string InstallDocument(const Rollout& r) {
  ordered_json document = {{"operation", "millwright.install"},
                           {"format", 1},
                           {"target", r.release.target},
                           {"bundle",
                            {{"kind", model::Name(r.release.kind)},
                             {"digest", r.release.digest},
                             {"name", r.release.name},
                             {"version", r.release.version}}},
                           {"metadata_stream", kMetadataStream},
                           {"pack_stream", PackStream(r.release.pack_sha256)},
                           {"pack_file", 0}};
  ordered_json trial = ordered_json::object();
  if (r.policy.windows_min > 0) trial["windows_min"] = r.policy.windows_min;
  if (r.policy.time_min_s >= 0) trial["time_min_s"] = r.policy.time_min_s;
  if (!trial.empty()) document["trial"] = trial;
  return document.dump();
}

}  // namespace

Rollouts::Rollouts(std::unique_ptr<store::Database> database, Releases& releases, os::Clock& clock,
                   ChangeHook on_change, const Maintenance* maintenance)
    : database_(std::move(database)),
      changes_(std::move(on_change)),
      jobs_(*database_, clock, maintenance, [this](const std::string& id) { changes_.Tell(id); }),
      releases_(releases),
      clock_(clock),
      maintenance_(maintenance) {}

Result<RolloutView> Rollouts::Find(const std::string& id) {
  const MutexLock lock(mutex_);
  RolloutView view;
  MW_TRY(view.rollout, LoadRollout(*database_, id));
  MW_TRY(view.devices, LoadRolloutDevices(*database_, id));
  TellWindows(*calendars(), clock_.Utc(), view.devices);
  return view;
}

Result<std::vector<ReleaseInfo>> Rollouts::Offers(std::vector<std::string>* faults) {
  const MutexLock lock(mutex_);
  return releases_.List(faults);
}

// -- starting

Result<RolloutView> Rollouts::Start(const RolloutRequest& request) {
  const MutexLock lock(mutex_);
  RolloutView view;
  Rollout& r = view.rollout;
  MW_TRY(r.release, releases_.Find(request.target));
  MW_TRY(const std::vector<FleetMember> fleet, LoadCohort(*database_, request.cohort));
  MW_TRY(const std::vector<Rollout> before, Before(r.release.line, fleet));
  r.created = r.wave_since = clock_.Utc();
  r.created_by = request.who;
  r.policy = request.policy;
  r.cohort = request.cohort;
  r.id = "r-" + crypto::Sha256Hex(request.target + std::to_string(r.created)).substr(0, 12);
  const std::vector<Placed> placed = PlanWaves(r.policy, fleet, r.id);
  for (const Placed& p : placed)
    view.devices.push_back({.device = p.device,
                            .site = p.site,
                            .wave = p.wave,
                            .online = p.online,
                            .last_seen = p.last_seen});
  if (request.dry_run) {
    ForeseeOffers(r.policy, *calendars(), request.at == 0 ? r.created : request.at, view.devices);
    return view;
  }
  MW_TRY(store::Transaction transaction, database_->Begin());
  for (const Rollout& other : before) MW_TRY(Supersede(other, r.id));
  MW_TRY(Insert(r, placed));
  MW_TRY(QueueWave(r, touched_));
  MW_TRY(Note(request.who, "rollout started", r.id, request.target));
  MW_TRY(transaction.Commit());
  Tell(r.id);
  return view;
}

// One rollout of a line at a time on any gateway; one that waits for nobody but gateways that are
// away does not keep the next one from starting, which then waits for them in its place.
Result<std::vector<Rollout>> Rollouts::Before(const std::string& line,
                                              std::span<const FleetMember> fleet) {
  std::set<std::string_view> ours;
  for (const FleetMember& member : fleet) ours.insert(member.device);
  MW_TRY(const std::vector<Rollout> open, LoadOpenRollouts(*database_));
  std::vector<Rollout> superseded;
  for (const Rollout& other : open) {
    if (other.release.line != line) continue;
    MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, other.id));
    const auto is_ours = [&](const RolloutDevice& d) { return ours.contains(d.device); };
    if (std::ranges::none_of(devices, is_ours)) continue;
    bool only_absent = other.state == RolloutState::kRunning, all_ours = true, some_ours = false;
    for (const RolloutDevice& d : devices) {
      const auto status = jobs::StatusByName(d.status);
      const bool over = status && jobs::IsTerminal(*status);
      if (over) continue;
      only_absent = only_absent && status && !d.online;
      (is_ours(d) ? some_ours : all_ours) = is_ours(d);
    }
    if (!only_absent)
      return Fail(Errc::kConflict, "rollout: " + other.id +
                                       " of the same line is under way on some of these gateways");
    if (some_ours && !all_ours)
      return Fail(Errc::kConflict,
                  "rollout: " + other.id +
                      " of the same line waits for gateways that are away, and not "
                      "all of them are in this one; abort it, or take them all");
    if (all_ours) superseded.push_back(other);
  }
  return superseded;
}

Result<void> Rollouts::Supersede(Rollout before, const std::string& by) {
  MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, before.id));
  const auto absent = std::ranges::count_if(devices, [](const RolloutDevice& d) {
    const auto status = jobs::StatusByName(d.status);
    return status && !jobs::IsTerminal(*status);
  });
  const std::string reason = std::to_string(absent) +
                             (absent == 1 ? " gateway was" : " gateways were") + " not heard; " +
                             by + " brings them up to date";
  MW_TRY(Note("hub", "rollout done", before.id, reason));
  return End(std::move(before), RolloutState::kDone, reason, touched_);
}

Result<void> Rollouts::Insert(const Rollout& r, const std::vector<Placed>& placed) {
  MW_TRY(database_->Run(
      "INSERT INTO rollouts (id, target, pack_sha256, digest, name, version, line, release_no, "
      "state, wave, wave_ns, policy, reason, created_ns, created_by, kind, cohort) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      {r.id, r.release.target, r.release.pack_sha256, r.release.digest, r.release.name,
       r.release.version, r.release.line, r.release.release, Name(r.state), r.wave, r.wave_since,
       WritePolicy(r.policy), r.reason, r.created, r.created_by, model::Name(r.release.kind),
       WriteCohort(r.cohort)}));
  for (const Placed& p : placed)
    MW_TRY(database_->Run(
        "INSERT INTO rollout_devices (rollout_id, device, site, wave) VALUES ($1, $2, $3, $4)",
        {r.id, p.device, p.site, p.wave}));
  return {};
}

Result<void> Rollouts::QueueWave(const Rollout& r, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, r.id));
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

}  // namespace millwright::hub
