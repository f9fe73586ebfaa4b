// Starts rollouts when they are due. The database keeps what is due next: a hub that was off starts
// what it missed once, and one that died in between starts nothing twice.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/rollout/rollouts.h"
#include "hub/rollout/schedule.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

/// What a schedule does when it is due.
struct SchedulePlan {
  Nanos at = 0;
  ScheduleOutcome outcome = ScheduleOutcome::kNone;
  std::string words{};
  std::optional<RolloutView> rollout{};  // where it starts one
};

/// Thread-safe.
class Schedules {
 public:
  /// Owns its connection; borrows the rest.
  Schedules(std::unique_ptr<store::Database> database, Rollouts& rollouts, Zones& zones,
            os::Clock& clock)
      : database_(std::move(database)), rollouts_(rollouts), zones_(zones), clock_(clock) {}

  [[nodiscard]] Result<std::vector<Schedule>> List();
  /// Makes it, or takes the place of the one with that name; as it is then. Without a first day it
  /// is due in `every_days`. kInvalid: no such zone.
  [[nodiscard]] Result<Schedule> Set(Schedule schedule, const std::string& who);
  /// kNotFound. A pause skips what is due meanwhile.
  [[nodiscard]] Result<void> SetPaused(const std::string& name, bool paused,
                                       const std::string& who);
  [[nodiscard]] Result<void> Remove(const std::string& name, const std::string& who);
  /// What it would do when it is due next, with the fleet and the releases of now.
  [[nodiscard]] Result<SchedulePlan> Plan(const std::string& name);

  /// Often: starts what is due.
  void Step();

 private:
  [[nodiscard]] Result<Schedule> Load(const std::string& name) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> RunDue(Schedule schedule, Nanos now) MW_REQUIRES(mutex_);
  [[nodiscard]] SchedulePlan Begin(const Schedule& schedule, Nanos at, bool dry_run)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<SchedulePlan> TryToBegin(const Schedule& schedule, Nanos at, bool dry_run)
      MW_REQUIRES(mutex_);
  [[nodiscard]] Result<std::optional<ReleaseInfo>> Newest(const std::string& line)
      MW_REQUIRES(mutex_);
  /// Why a release must not be started by itself; empty: it may.
  [[nodiscard]] Result<std::string> Stopped(const ReleaseInfo& release) MW_REQUIRES(mutex_);
  /// Those that have neither taken nor refused it.
  [[nodiscard]] Result<std::vector<std::string>> WithoutVerdict(const ReleaseInfo& release,
                                                                const RolloutView& fleet)
      MW_REQUIRES(mutex_);
  /// The one that a hub started that died before it could say so; empty: none.
  [[nodiscard]] Result<std::string> StartedAlready(const Schedule& schedule) MW_REQUIRES(mutex_);
  [[nodiscard]] Result<void> Store(const Schedule& schedule, const std::string& who,
                                   const std::string& what, const std::string& detail)
      MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_;
  Rollouts& rollouts_;
  Zones& zones_;
  os::Clock& clock_;
  Nanos next_look_ MW_GUARDED_BY(mutex_) = 0;  // monotonic, as those below
  std::map<std::string, Nanos> not_before_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright::hub
