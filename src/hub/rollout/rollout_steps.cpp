// What a rollout does by itself: its next wave, its end, its halt, the way back.
#include <nlohmann/json.hpp>

#include "hub/rollout/gates.h"
#include "hub/rollout/rollouts.h"
#include "hub/rollout/trial_points.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

using nlohmann::ordered_json;

std::string UndoJob(const Rollout& r) { return r.id + std::string(kUndoSuffix); }

std::string UndoDocument(const Rollout& r) {
  return ordered_json{
      {"operation", "millwright.undo"},
      {"format", 1},
      {"bundle", {{"kind", model::Name(r.release.kind)}, {"digest", r.release.digest}}},
      {"reason", r.reason.empty() ? "the rollout was reversed" : r.reason}}
      .dump();
}

}  // namespace

void Rollouts::Tell(const std::string& id) { changes_.Tell(id); }

Result<std::vector<std::string>> Rollouts::Step() {
  const MutexLock lock(mutex_);
  Touched touched = std::exchange(touched_, {});
  MW_TRY(const std::vector<Rollout> open, LoadOpenRollouts(*database_));
  for (const Rollout& r : open) {
    const ChangeHold hold(changes_);
    MW_TRY(store::Transaction transaction, database_->Begin());
    MW_TRY(r.state == RolloutState::kReversing ? StepBack(r, touched) : StepOne(r, touched));
    MW_TRY(transaction.Commit());
  }
  MW_TRY(PurgeOldTrials());
  return touched;
}

// The verdicts stay in the book; the curves that led to them are looked at for some weeks.
Result<void> Rollouts::PurgeOldTrials() {
  constexpr Nanos kHour = 3600 * kSecond, kKept = 90 * 24 * kHour;
  const Nanos now = clock_.Utc();
  if (now - purged_ < kHour && now >= purged_) return {};
  purged_ = now;
  return PurgeTrials(*database_, now - kKept);
}

Result<void> Rollouts::StepOne(Rollout r, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, r.id));
  const Progress p = ProgressOf(r, devices, clock_.Utc());
  const Judgement judgement = Judge(r.policy, p, r.wave + 2 >= p.waves);
  // One that waits for a person can still turn out bad; it does nothing else by itself.
  if (r.state != RolloutState::kRunning && judgement.verdict != Verdict::kHalt) return {};
  switch (judgement.verdict) {
    case Verdict::kWait:
      return {};
    case Verdict::kHalt:
      MW_TRY(Note("hub", "rollout halted", r.id, judgement.reason));
      if (r.policy.reverse_on_halt && p.succeeded > 0)
        return TakeBack(std::move(r), "hub", judgement.reason, touched);
      return End(std::move(r), RolloutState::kHalted, judgement.reason, touched);
    case Verdict::kDone:
      MW_TRY(Note("hub", "rollout done", r.id, ""));
      r.state = RolloutState::kDone;
      r.reason = p.failed == 0 ? "" : std::to_string(p.failed) + " gateways did not take the model";
      r.ended = clock_.Utc();
      return Save(r);
    case Verdict::kAskApproval:
      MW_TRY(Note("hub", "rollout waits", r.id, judgement.reason));
      r.state = RolloutState::kWaiting;
      r.reason = judgement.reason;
      return Save(r);
    case Verdict::kNextWave:
      ++r.wave;
      r.wave_since = clock_.Utc();
      r.reason.clear();
      MW_TRY(Note("hub", "wave " + std::to_string(r.wave + 1) + " begins", r.id,
                  std::to_string(p.succeeded) + " of " + std::to_string(p.in_wave) +
                      " gateways have taken the model"));
      MW_TRY(Save(r));
      return QueueWave(r, touched);
  }
  return {};
}

Result<void> Rollouts::TakeBack(Rollout r, const std::string& who, const std::string& why,
                                Touched& touched) {
  MW_TRY(Note(who, "rollout reversing", r.id, why));
  r.reason = why.substr(0, kRolloutReasonMax);
  MW_TRY(Cancel(r.id, r.reason, touched));
  r.state = RolloutState::kReversing;
  r.ended = 0;
  MW_TRY(Save(r));
  MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, r.id));
  return QueueUndo(r, devices, touched).transform([](bool) {});
}

Result<void> Rollouts::StepBack(Rollout r, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, r.id));
  // Also those that had not answered when the way back began.
  MW_TRY(const bool queued, QueueUndo(r, devices, touched));
  if (queued) return {};
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

Result<bool> Rollouts::QueueUndo(const Rollout& r, std::span<const RolloutDevice> devices,
                                 Touched& touched) {
  const Nanos now = clock_.Utc();
  bool any = false;
  for (const RolloutDevice& d : devices) {
    if (d.status != jobs::Name(jobs::Status::kSucceeded) || !d.undo_status.empty()) continue;
    MW_TRY(jobs_.Queue(
        d.device, r.id,
        {.job_id = UndoJob(r), .queued_at = now, .updated_at = now, .document = UndoDocument(r)}));
    any = true;
    touched.push_back(d.device);
  }
  return any;
}

// Cancelled executions vanish from a device's list: it drops the candidate, in probation too.
Result<void> Rollouts::Cancel(const std::string& id, const std::string& why, Touched& touched) {
  MW_TRY(const std::vector<RolloutDevice> devices, LoadRolloutDevices(*database_, id));
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
  MW_TRY(database_->Run(
      "UPDATE rollouts SET state = $1, wave = $2, wave_ns = $3, reason = $4, "
      "ended_ns = $5, approved_by = $6 WHERE id = $7",
      {Name(r.state), r.wave, r.wave_since, r.reason,
       r.ended == 0 ? store::Value(nullptr) : store::Value(r.ended), r.approved_by, r.id}));
  Tell(r.id);
  return {};
}

Result<void> Rollouts::Note(std::string_view who, std::string_view what, std::string_view subject,
                            std::string_view detail) {
  return store::WriteAudit(*database_, clock_.Utc(),
                           {.who = who, .what = what, .subject = subject, .detail = detail});
}

}  // namespace millwright::hub
