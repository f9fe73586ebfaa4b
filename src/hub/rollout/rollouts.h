// Rollouts: waves of jobs, watched until they are done, stopped where a model turns out bad, taken
// back on request. The book of record is the database; everything here may be killed at any moment.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/rollout/cohort.h"
#include "hub/rollout/held_changes.h"
#include "hub/rollout/job_table.h"
#include "hub/rollout/policy.h"
#include "hub/rollout/releases.h"
#include "hub/rollout/rollout.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

struct RolloutRequest {
  std::string target{};
  RolloutPolicy policy{};
  Cohort cohort{};  // empty: all gateways
  std::string who{};
  bool dry_run = false;
  Nanos at = 0;  // of a dry run: as if it began then; 0: now
};

/// Thread-safe: the API's threads and the delivery thread share one.
class Rollouts {
 public:
  /// Borrows clock, releases and maintenance; owns its connection. `on_change` is told the id of
  /// each rollout that changed, under the lock: it must be short and not come back here. Without
  /// `maintenance` every site takes what comes at any time.
  Rollouts(std::unique_ptr<store::Database> database, Releases& releases, os::Clock& clock,
           ChangeHook on_change = {}, const Maintenance* maintenance = nullptr);

  /// Places the fleet in waves and begins with the first. kConflict: another rollout of this line
  /// is under way on one of these gateways; kNotFound: no such target, or no gateway. A dry run
  /// tells the places, and from when on each gateway would be offered the release, and does
  /// nothing.
  [[nodiscard]] Result<RolloutView> Start(const RolloutRequest& request);
  [[nodiscard]] Result<void> Pause(const std::string& id, const std::string& who);
  [[nodiscard]] Result<void> Resume(const std::string& id, const std::string& who);
  [[nodiscard]] Result<void> Approve(const std::string& id, const std::string& who);
  /// Devices that have not begun keep their model; those under way are told to stop.
  [[nodiscard]] Result<void> Abort(const std::string& id, const std::string& who,
                                   const std::string& why);
  /// Abort, and every device that took the model goes back to the one before.
  [[nodiscard]] Result<void> Reverse(const std::string& id, const std::string& who,
                                     const std::string& why);

  /// With what waits for its site's window.
  [[nodiscard]] Result<RolloutView> Find(const std::string& id);
  /// Of the sites, as they are now. Shared: whoever looked keeps what it saw.
  [[nodiscard]] std::shared_ptr<const Calendars> calendars() const {
    return maintenance_ == nullptr ? std::make_shared<const Calendars>()
                                   : maintenance_->calendars();
  }
  /// What the repository offers; what is wrong with the rest goes into `faults`.
  [[nodiscard]] Result<std::vector<ReleaseInfo>> Offers(std::vector<std::string>* faults = nullptr);

  /// Every second or so: lets each rollout take its next step. Gives the devices whose jobs
  /// changed.
  [[nodiscard]] Result<std::vector<std::string>> Step();
  /// Runs `work` with the table of jobs, alone: for what the delivery thread tells devices.
  template <typename Work>
  void WithJobs(const Work& work) {
    const MutexLock lock(mutex_);
    work(jobs_);
  }
  /// Runs `work` with both as one transaction: what devices asked for in one turn costs one commit.
  /// After an error nothing of it has happened.
  template <typename Work>
  [[nodiscard]] Result<void> Durably(const Work& work) {
    const MutexLock lock(mutex_);
    const ChangeHold hold(changes_);
    MW_TRY(store::Transaction transaction, database_->Begin());
    work(jobs_, releases_);
    return transaction.Commit();
  }
  /// The same for files: Releases is not thread-safe either.
  template <typename Work>
  void WithReleases(const Work& work) {
    const MutexLock lock(mutex_);
    work(releases_);
  }

 private:
  using Touched = std::vector<std::string>;
  [[nodiscard]] Result<std::vector<Rollout>> Before(const std::string& line,
                                                    std::span<const FleetMember> fleet)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Supersede(Rollout before, const std::string& by) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Save(const Rollout& rollout) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Insert(const Rollout& rollout, const std::vector<Placed>& placed)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> QueueWave(const Rollout& rollout, Touched& touched)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> StepOne(Rollout rollout, Touched& touched) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> PurgeOldTrials() MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> StepBack(Rollout rollout, Touched& touched) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> TakeBack(Rollout rollout, const std::string& who,
                                      const std::string& why, Touched& touched) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Cancel(const std::string& id, const std::string& why, Touched& touched)
      MW_REQUIRES(mutex_);
  /// Whether there was one to send back.
  [[nodiscard]] Result<bool> QueueUndo(const Rollout& rollout,
                                       std::span<const RolloutDevice> devices, Touched& touched)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> End(Rollout rollout, RolloutState state, const std::string& reason,
                                 Touched& touched) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Note(std::string_view who, std::string_view what,
                                  std::string_view subject, std::string_view detail)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Move(const std::string& id, const std::string& who,
                                  std::initializer_list<RolloutState> from, RolloutState to)
      MW_REQUIRES(mutex_);

  void Tell(const std::string& id);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  HeldChanges changes_;  // touched under mutex_ only
  JobTable jobs_ MW_GUARDED_BY(mutex_);
  Releases& releases_ MW_GUARDED_BY(mutex_);
  os::Clock& clock_;
  const Maintenance* const maintenance_;
  Nanos purged_ MW_GUARDED_BY(mutex_) = 0;
  Touched touched_ MW_GUARDED_BY(mutex_);  // by commands, told at the next Step
};

}  // namespace millwright::hub
