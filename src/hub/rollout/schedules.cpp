#include "hub/rollout/schedules.h"

#include <algorithm>
#include <set>

#include "core/log.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

constexpr Nanos kLookEvery = kSecond;
constexpr Nanos kTryAgain = 60 * kSecond;

std::string NameInLog(const Schedule& schedule) { return "schedule " + schedule.name; }

std::string ReleaseName(const ReleaseInfo& release) { return release.name + " " + release.version; }

bool IsTriedAgain(ScheduleOutcome outcome) {
  return outcome == ScheduleOutcome::kWaits || outcome == ScheduleOutcome::kFailed;
}

SchedulePlan Nothing(ScheduleOutcome outcome, std::string words) {
  return {.outcome = outcome, .words = std::move(words)};
}

SchedulePlan Started(std::string words, RolloutView view) {
  return {
      .outcome = ScheduleOutcome::kStarted, .words = std::move(words), .rollout = std::move(view)};
}

}  // namespace

Result<std::vector<Schedule>> Schedules::List() {
  const MutexLock lock(mutex_);
  return LoadSchedules(*database_);
}

Result<Schedule> Schedules::Load(const std::string& name) {
  MW_TRY(std::vector<Schedule> all, LoadSchedules(*database_));
  const auto found = std::ranges::find(all, name, &Schedule::name);
  if (found == all.end()) return Fail(Errc::kNotFound, "schedule: there is no \"" + name + "\"");
  return std::move(*found);
}

Result<void> Schedules::Store(const Schedule& schedule, const std::string& who,
                              const std::string& what, const std::string& detail) {
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(SaveSchedule(*database_, schedule));
  if (!what.empty())
    MW_TRY(store::WriteAudit(
        *database_, clock_.Utc(),
        {.who = who, .what = what, .subject = NameInLog(schedule), .detail = detail}));
  return transaction.Commit();
}

Result<Schedule> Schedules::Set(Schedule schedule, const std::string& who) {
  MW_TRY(const auto zone, zones_.Find(schedule.zone));
  const MutexLock lock(mutex_);
  const Nanos now = clock_.Utc();
  const Nanos today = zone->Local(now) / kOneDay * kOneDay;
  if (schedule.first_day == 0) schedule.first_day = today + schedule.every_days * kOneDay;
  schedule.next = NextDue(schedule, *zone, now);
  schedule.created = now;
  schedule.created_by = who;
  if (const auto before = Load(schedule.name)) {
    schedule.created = before->created;
    schedule.created_by = before->created_by;
    schedule.paused = before->paused;
    schedule.last = before->last;
    schedule.outcome = before->outcome;
    schedule.words = before->words;
    schedule.rollout = before->rollout;
  }
  not_before_.erase(schedule.name);
  MW_TRY(Store(schedule, who, "schedule set",
               schedule.line + " every " + std::to_string(schedule.every_days) + " days, next on " +
                   FormatUtc(schedule.next)));
  return schedule;
}

Result<void> Schedules::SetPaused(const std::string& name, bool paused, const std::string& who) {
  const MutexLock lock(mutex_);
  MW_TRY(Schedule schedule, Load(name));
  if (schedule.paused == paused)
    return Fail(Errc::kConflict,
                "schedule: " + name + (paused ? " is paused already" : " is not paused"));
  MW_TRY(const auto zone, zones_.Find(schedule.zone));
  schedule.paused = paused;
  schedule.next = NextDue(schedule, *zone, clock_.Utc());
  return Store(schedule, who, paused ? "schedule paused" : "schedule resumed", "");
}

Result<void> Schedules::Remove(const std::string& name, const std::string& who) {
  const MutexLock lock(mutex_);
  MW_TRY(const Schedule schedule, Load(name));
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(database_->Run("DELETE FROM schedules WHERE name = $1", {name}));
  MW_TRY(
      store::WriteAudit(*database_, clock_.Utc(),
                        {.who = who, .what = "schedule removed", .subject = NameInLog(schedule)}));
  return transaction.Commit();
}

Result<SchedulePlan> Schedules::Plan(const std::string& name) {
  const MutexLock lock(mutex_);
  MW_TRY(const Schedule schedule, Load(name));
  return Begin(schedule, std::max(schedule.next, clock_.Utc()), true);
}

void Schedules::Step() {
  const MutexLock lock(mutex_);
  const Nanos monotonic = clock_.Monotonic();
  if (monotonic < next_look_) return;
  next_look_ = monotonic + kLookEvery;
  const auto all = LoadSchedules(*database_);
  if (!all) return log::Failure("schedules", all.error());
  const Nanos now = clock_.Utc();
  for (const Schedule& schedule : *all) {
    if (schedule.paused || schedule.next > now) continue;
    const auto wait = not_before_.find(schedule.name);
    if (wait != not_before_.end() && monotonic < wait->second) continue;
    not_before_[schedule.name] = monotonic + kTryAgain;
    if (const auto done = RunDue(schedule, now); !done) log::Failure("schedules", done.error());
  }
}

// What was missed is started once, however often it was due meanwhile.
Result<void> Schedules::RunDue(Schedule schedule, Nanos now) {
  MW_TRY(const auto zone, zones_.Find(schedule.zone));
  SchedulePlan done = Begin(schedule, now, false);
  const int64_t missed = DuesBetween(schedule, *zone, schedule.next, now);
  if (missed > 0)
    done.words += "; it was due " + std::to_string(missed + 1) + " times since " +
                  FormatUtc(schedule.next).substr(0, 10);
  const bool news = done.outcome != schedule.outcome || done.words != schedule.words ||
                    !IsTriedAgain(done.outcome);
  schedule.outcome = done.outcome;
  schedule.words = done.words.substr(0, kRolloutReasonMax);
  schedule.last = now;
  if (done.rollout) schedule.rollout = done.rollout->rollout.id;
  if (!IsTriedAgain(done.outcome)) {
    schedule.next = NextDue(schedule, *zone, now);
    not_before_.erase(schedule.name);
  }
  if (!news) return {};
  log::Info("schedules", done.words,
            {{"schedule", schedule.name}, {"outcome", Name(done.outcome)}});
  return Store(schedule, "hub", "schedule: " + std::string(Name(done.outcome)), done.words);
}

SchedulePlan Schedules::Begin(const Schedule& schedule, Nanos at, bool dry_run) {
  auto plan = TryToBegin(schedule, at, dry_run);
  if (!plan) {
    const auto outcome = plan.error().code == Errc::kConflict   ? ScheduleOutcome::kWaits
                         : plan.error().code == Errc::kNotFound ? ScheduleOutcome::kNothingNew
                                                                : ScheduleOutcome::kFailed;
    plan = Nothing(outcome, plan.error().what);
  }
  plan->at = at;
  return std::move(*plan);
}

Result<SchedulePlan> Schedules::TryToBegin(const Schedule& schedule, Nanos at, bool dry_run) {
  MW_TRY(const auto release, Newest(schedule.line));
  if (!release)
    return Nothing(ScheduleOutcome::kNothingNew,
                   "the repository offers no release of " + schedule.line);
  MW_TRY(const std::string stopped, Stopped(*release));
  if (!stopped.empty()) return Nothing(ScheduleOutcome::kStopped, stopped);
  if (!dry_run) {
    MW_TRY(const std::string already, StartedAlready(schedule));
    if (!already.empty()) {
      MW_TRY(RolloutView view, rollouts_.Find(already));
      const std::string words = ReleaseName(view.rollout.release) + " in " + already;
      return Started(words, std::move(view));
    }
  }
  RolloutRequest request{.target = release->target,
                         .policy = schedule.policy,
                         .cohort = schedule.cohort,
                         .who = NameInLog(schedule),
                         .dry_run = true,
                         .at = at};
  MW_TRY(RolloutView view, rollouts_.Start(request));
  MW_TRY(request.cohort.devices, WithoutVerdict(*release, view));
  if (request.cohort.devices.empty())
    return Nothing(ScheduleOutcome::kNothingNew,
                   "every gateway there has had " + ReleaseName(*release) + ", the newest release");
  if (!dry_run || request.cohort.devices.size() < view.devices.size()) {
    request.dry_run = dry_run;
    MW_TRY(view, rollouts_.Start(request));
  }
  const size_t gateways = view.devices.size();
  return Started(ReleaseName(*release) + " to " + std::to_string(gateways) +
                     (gateways == 1 ? " gateway" : " gateways"),
                 std::move(view));
}

Result<std::optional<ReleaseInfo>> Schedules::Newest(const std::string& line) {
  MW_TRY(const std::vector<ReleaseInfo> offers, rollouts_.Offers());
  std::optional<ReleaseInfo> newest;
  for (const ReleaseInfo& release : offers)
    if (release.line == line && (!newest || release.release > newest->release)) newest = release;
  return newest;
}

Result<std::string> Schedules::Stopped(const ReleaseInfo& release) {
  std::string words;
  MW_TRY(database_->First(
      "SELECT id, state, reason FROM rollouts WHERE digest = $1 AND line = $2 "
      "ORDER BY created_ns DESC LIMIT 1",
      {release.digest, release.line}, [&](const store::Row& row) {
        const std::string_view state = row.Text(1);
        if (state == "halted" || state == "aborted" || state.starts_with("revers"))
          words = ReleaseName(release) + " was " +
                  (state.starts_with("revers") ? "taken back" : std::string(state)) + " in " +
                  std::string(row.Text(0)) + " (" + std::string(row.Text(2)) +
                  "); a newer release is awaited";
      }));
  return words;
}

Result<std::vector<std::string>> Schedules::WithoutVerdict(const ReleaseInfo& release,
                                                           const RolloutView& fleet) {
  std::set<std::string, std::less<>> had;
  MW_TRY(database_->Each(
      "SELECT DISTINCT e.device FROM job_executions e JOIN rollouts r ON r.id = e.rollout_id "
      "WHERE r.digest = $1 AND r.line = $2 AND e.job_id = r.id "
      "AND e.status IN ('SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT')",
      {release.digest, release.line}, [&](const store::Row& row) { had.emplace(row.Text(0)); }));
  std::vector<std::string> out;
  for (const RolloutDevice& d : fleet.devices)
    if (!had.contains(d.device)) out.push_back(d.device);
  return out;
}

Result<std::string> Schedules::StartedAlready(const Schedule& schedule) {
  std::string id;
  MW_TRY(database_->First(
      "SELECT id FROM rollouts WHERE created_by = $1 AND line = $2 AND created_ns >= $3 "
      "AND id <> $4 ORDER BY created_ns LIMIT 1",
      {NameInLog(schedule), schedule.line, schedule.next, schedule.rollout},
      [&](const store::Row& row) { id = row.Text(0); }));
  return id;
}

}  // namespace millwright::hub
