// What people may do to a rollout. Each is one transaction, with its line in the audit table.
#include <algorithm>

#include "hub/rollout/rollouts.h"

namespace millwright::hub {

Result<void> Rollouts::Move(const std::string& id, const std::string& who,
                            std::initializer_list<RolloutState> from, RolloutState to) {
  MW_TRY(Rollout r, LoadRollout(*database_, id));
  if (std::ranges::find(from, r.state) == from.end())
    return Fail(Errc::kConflict, "rollout: " + id + " is " + std::string(Name(r.state)));
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(Note(who, "rollout " + std::string(Name(to)), id, ""));
  r.state = to;
  MW_TRY(Save(r));
  return transaction.Commit();
}

Result<void> Rollouts::Pause(const std::string& id, const std::string& who) {
  const MutexLock lock(mutex_);
  return Move(id, who, {RolloutState::kRunning, RolloutState::kWaiting}, RolloutState::kPaused);
}

Result<void> Rollouts::Resume(const std::string& id, const std::string& who) {
  const MutexLock lock(mutex_);
  return Move(id, who, {RolloutState::kPaused}, RolloutState::kRunning);
}

Result<void> Rollouts::Approve(const std::string& id, const std::string& who) {
  const MutexLock lock(mutex_);
  MW_TRY(Rollout r, LoadRollout(*database_, id));
  if (r.state != RolloutState::kWaiting)
    return Fail(Errc::kConflict, "rollout: " + id + " does not wait for approval");
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(Note(who, "rollout approved", id, ""));
  r.state = RolloutState::kRunning;
  r.reason.clear();
  r.approved_by = who.empty() ? "somebody" : who;
  MW_TRY(Save(r));
  return transaction.Commit();
}

Result<void> Rollouts::Abort(const std::string& id, const std::string& who,
                             const std::string& why) {
  const MutexLock lock(mutex_);
  MW_TRY(Rollout r, LoadRollout(*database_, id));
  if (IsOver(r.state) || r.state == RolloutState::kReversing)
    return Fail(Errc::kConflict, "rollout: " + id + " is " + std::string(Name(r.state)));
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(Note(who, "rollout aborted", id, why));
  MW_TRY(
      End(std::move(r), RolloutState::kAborted, why.empty() ? "aborted by " + who : why, touched_));
  return transaction.Commit();
}

Result<void> Rollouts::Reverse(const std::string& id, const std::string& who,
                               const std::string& why) {
  const MutexLock lock(mutex_);
  MW_TRY(Rollout r, LoadRollout(*database_, id));
  if (r.state == RolloutState::kReversing || r.state == RolloutState::kReversed)
    return Fail(Errc::kConflict, "rollout: " + id + " is " + std::string(Name(r.state)));
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(TakeBack(std::move(r), who, why.empty() ? "reversed by " + who : why, touched_));
  return transaction.Commit();
}

}  // namespace millwright::hub
