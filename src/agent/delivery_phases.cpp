// What is to be done in each phase of a candidate's life; slots/table.h says which comes next.
#include <algorithm>
#include <cstdio>

#include "agent/delivery.h"
#include "agent/delivery_sink.h"
#include "agent/models.h"
#include "agent/offer_note.h"
#include "core/log.h"

namespace millwright::agent {
namespace {

using jobs::DownloadState;
using jobs::Status;
using slots::Phase;
using slots::TrialVerdict;

constexpr Nanos kRetryAfter = 5 * kSecond;     // after a full or broken disk
constexpr uint64_t kGoodDecisions = 50;        // then earlier crashes are forgiven
constexpr int kOverloadSeconds = 10;           // in a row: no catching up after a pause
constexpr uint64_t kOverloadDecisionsMin = 3;  // in a second

// docs/formats/delivery.md: `trial`.
std::string TrialWords(std::string_view phase, const slots::Trial& trial) {
  const slots::Standing standing = trial.standing();
  char text[160];
  std::snprintf(text, sizeof text, "%.*s %lld %.5f %.3f %.3f", static_cast<int>(phase.size()),
                phase.data(), static_cast<long long>(trial.count()), trial.confidence_change(),
                standing.log10_e, standing.log10_limit);
  return text;
}

}  // namespace

void Delivery::Advance() {
  switch (state().phase) {
    case Phase::kIdle:
      return Settle();
    case Phase::kDownloading:
      return Download();
    case Phase::kVerifying:
      return Verify();
    case Phase::kProving:
      return Prove();
    case Phase::kWarmingUp:
      return WarmUp();
    case Phase::kShadow:
      return Shadow();
    case Phase::kProbation:
      return Probation();
  }
}

bool Delivery::Apply(SlotEvent event, std::string_view reason) {
  const auto applied = SlotsOf(kind_).Apply(event, reason);
  if (applied) return true;
  log::Failure("models", applied.error());
  retry_at_ = world_.clock.Monotonic() + kRetryAfter;
  return false;
}

bool Delivery::Reach(const ModelHost::Wish& wish) {
  if (!wish.serving) return false;
  const auto reached = world_.host.Reach(wish);
  if (reached) return *reached;
  log::Failure("models", reached.error());
  retry_at_ = world_.clock.Monotonic() + kRetryAfter;
  return false;
}

SharedPlan Delivery::CommittedPlan() {
  return PlanFor(world_.slots.state().committed, world_.configs.state().committed);
}

SharedPlan Delivery::CandidatePlan() {
  const auto& model = kind_ == Kind::kModel ? state().candidate : world_.slots.state().committed;
  const auto& config =
      kind_ == Kind::kConfig ? state().candidate : world_.configs.state().committed;
  return PlanFor(model, config);
}

Result<SharedPlan> Delivery::Load(const Slot& model, const Slot& config) {
  auto plan = world_.loader.Load(model, config, places_.get());
  if (plan) places_ = *plan;
  return plan;
}

SharedPlan Delivery::PlanFor(const Slot& model, const Slot& config) {
  const std::string& digest = model ? model->digest : first_->digest;
  const std::string over = config ? config->digest : "";
  for (const SharedPlan& known :
       {world_.host.serving(), world_.host.watching(), committed_, candidate_, first_})
    if (known && known->digest == digest && known->config_digest == over) return known;
  auto plan = Load(model, config);
  if (plan) return std::move(*plan);
  log::Failure("models", plan.error());
  retry_at_ = world_.clock.Monotonic() + kRetryAfter;
  return nullptr;
}

// No candidate: what the slots say decides, alone; then the report that waited for it may go.
void Delivery::Settle() {
  committed_ = CommittedPlan();
  if (!Reach({.serving = committed_, .watching = nullptr, .at_once = hurry_})) return;
  hurry_ = false;
  candidate_.reset();
  if (!told_) return;
  const Told told = std::move(*told_);
  told_.reset();
  Report(told.status, told.phase, told.reason);
  trial_told_.clear();
  for (const Kind kind : {Kind::kModel, Kind::kConfig})
    if (const auto pruned = SlotsOf(kind).Prune(); !pruned) log::Failure("models", pruned.error());
}

void Delivery::Download() {
  if (!document_) return;  // the hub is away: its job says where the pack lies
  if (!download_) {
    auto staging = SlotsOf(kind_).OpenStaging();
    if (!staging) {
      retry_at_ = world_.clock.Monotonic() + kRetryAfter;
      return log::Failure("models", staging.error());
    }
    sink_ = std::make_unique<Sink>(std::move(*staging));
    download_.emplace(jobs::DownloadOptions{.prefix = world_.settings.delivery.prefix,
                                            .thing = world_.settings.device.value(),
                                            .stream = document_->pack_stream,
                                            .file = document_->pack_file},
                      *sink_, world_.clock, publish_);
    trial_told_.clear();
    Report(Status::kInProgress, "downloading");
    download_->Ask();
  }
  const slots::Staging& staging = sink_->staging;
  if (download_->state() == DownloadState::kFailed) {
    const std::string reason = download_->reason();
    return End(slots::Event::kWithdrawn, reason);
  }
  if (download_->state() == DownloadState::kRunning)
    return ReportProgress(
        "downloading", std::to_string(staging.received()) + "/" + std::to_string(staging.blocks()));
  download_.reset();
  sink_.reset();
  if (Apply(slots::Event::kDownloaded)) Report(Status::kInProgress, "verifying");
}

// Withdrawn, not refused: which bundle it was to be is the job's word, and a wrong word must not
// keep a good bundle away for ever.
void Delivery::Verify() {
  const auto installed = SlotsOf(kind_).Install();
  if (installed) return Report(Status::kInProgress, "proving");
  if (installed.error().code == Errc::kInvalid || installed.error().code == Errc::kUnsupported)
    return End(slots::Event::kWithdrawn, installed.error().what);
  log::Failure("models", installed.error());
  retry_at_ = world_.clock.Monotonic() + kRetryAfter;
}

void Delivery::Prove() {
  const bool config = kind_ == Kind::kConfig;
  auto plan = Load(config ? world_.slots.state().committed : state().candidate,
                   config ? state().candidate : world_.configs.state().committed);
  if (plan) {
    candidate_ = std::move(*plan);
    if (Apply(slots::Event::kProved)) Report(Status::kInProgress, "warming_up");
  } else if (plan.error().code == Errc::kIo || plan.error().code == Errc::kExhausted) {
    log::Failure("models", plan.error());
    retry_at_ = world_.clock.Monotonic() + kRetryAfter;
  } else {
    End(slots::Event::kRefused, plan.error().what);
  }
}

void Delivery::WarmUp() {
  if (!candidate_) candidate_ = CandidatePlan();
  committed_ = CommittedPlan();
  if (!candidate_ || !Reach({.serving = committed_, .watching = candidate_})) return;
  world_.host.DropPairs();
  if (Blinds()) return End(slots::Event::kRefused, blinded_ + " is unknown under it");
  if (!world_.host.warm() || !Apply(slots::Event::kWarmed)) return;
  trial_.reset();
  Report(Status::kInProgress, "shadow");
}

slots::TrialOptions Delivery::TrialSettings() {
  slots::TrialOptions options = world_.settings.delivery.trial;
  if (const auto note = LoadNote(world_.files, NotePath(world_.settings))) {
    options.windows_min = std::max(options.windows_min, note->windows_min);
    options.time_min = std::max(options.time_min, note->time_min_ns);
  }
  return options;
}

TrialVerdict Delivery::Try(std::string_view phase) {
  if (!trial_) {
    auto made = slots::Trial::Make(TrialSettings());
    if (!made) {
      log::Failure("models", made.error());
      return TrialVerdict::kGoOn;
    }
    trial_ = *made;
  }
  while (trial_->verdict() == TrialVerdict::kGoOn) {
    const auto pair = world_.host.TakePair();
    if (!pair) break;
    trial_->Push(*pair);
  }
  if (trial_->count() > 0) trial_told_ = TrialWords(phase, *trial_);
  if (trial_->verdict() == TrialVerdict::kGoOn)
    ReportProgress(phase, std::to_string(trial_->count()));
  return trial_->verdict();
}

void Delivery::Shadow() {
  if (!candidate_) candidate_ = CandidatePlan();
  committed_ = CommittedPlan();
  if (!candidate_ || !Reach({.serving = committed_, .watching = candidate_})) return;
  const bool config = kind_ == Kind::kConfig;
  const TrialVerdict verdict = config ? TrialVerdict::kPassed : Try("shadow");
  if (verdict == TrialVerdict::kWorse) return End(slots::Event::kRefused, trial_->reason());
  if (verdict != TrialVerdict::kPassed || !world_.host.warm()) return;
  const std::string reason = config ? "its machines are warm" : trial_->reason();
  if (!Apply(slots::Event::kSwitched)) return;
  log::Info("models", std::string("the new ") + What() + " decides, on probation",
            {{"name", state().candidate->name}, {"shadow", reason}});
  trial_.reset();
  overloaded_s_ = blind_s_ = 0;
  Report(Status::kInProgress, "probation", reason);
}

void Delivery::Probation() {
  if (!candidate_) candidate_ = CandidatePlan();
  committed_ = CommittedPlan();
  if (!candidate_ ||
      !Reach({.serving = candidate_, .watching = committed_, .candidate = Candidate::kDecides}))
    return;
  const TrialVerdict verdict = kind_ == Kind::kConfig ? TryConfig() : Try("probation");
  if (verdict == TrialVerdict::kWorse) return End(slots::Event::kRefused, TrialReason());
  if (Overloaded())
    return End(slots::Event::kRefused,
               "decisions came too late for " + std::to_string(kOverloadSeconds) + " s on end");
  if (verdict == TrialVerdict::kPassed) Commit(TrialReason());
}

// Each second, from Work's: whether most decisions were late, again and again.
bool Delivery::Overloaded() { return overloaded_s_ >= kOverloadSeconds; }

void Delivery::NoteProgress() {
  const uint64_t decisions = world_.decider.decisions.load(std::memory_order_relaxed);
  const uint64_t slow = world_.decider.slow_decisions.load(std::memory_order_relaxed);
  const uint64_t made = decisions - decisions_seen_;
  const bool late = made >= kOverloadDecisionsMin && 2 * (slow - slow_seen_) > made;
  overloaded_s_ = late ? overloaded_s_ + 1 : 0;
  decisions_seen_ = decisions;
  slow_seen_ = slow;
  const int blind = world_.host.blind();
  blind_s_ = blind < 0 ? 0 : blind_s_ + 1;
  if (blind >= 0) blinded_ = world_.settings.assets[static_cast<size_t>(blind)].id.value();
  if (progress_noted_ || decisions - good_from_ < kGoodDecisions) return;
  progress_noted_ =
      world_.slots.NoteProgress().has_value() && world_.configs.NoteProgress().has_value();
}

// -- ends ---------------------------------------------------------------------------------------

void Delivery::Forget() {
  metadata_.reset();
  download_.reset();
  sink_.reset();
  trial_.reset();
  retry_at_ = 0;
  progress_noted_ = false;
  blind_s_ = 0;
  tried_from_ = 0;
  good_from_ = world_.decider.decisions.load(std::memory_order_relaxed);
}

// What the model did until now is no reason to wait: a bad one that decides goes at once.
void Delivery::End(SlotEvent event, const std::string& reason) {
  const bool decided = state().phase == Phase::kProbation;
  const std::string name = state().candidate->name + " " + state().candidate->version;
  if (!Apply(event, reason)) return;
  hurry_ = decided;
  told_ = Told{
      .status = Status::kFailed, .phase = decided ? "rolled_back" : "refused", .reason = reason};
  log::Warning("models",
               decided ? std::string("a ") + What() + " was rolled back"
                       : std::string("a new ") + What() + " was not taken",
               {{"name", name}, {"why", reason}});
  Forget();
}

void Delivery::Commit(const std::string& reason) {
  const auto note = LoadNote(world_.files, NotePath(world_.settings));
  const std::string name = state().candidate->name + " " + state().candidate->version;
  const std::string digest = state().candidate->digest;
  if (!Apply(slots::Event::kCommitted, reason)) return;
  committed_ = candidate_;
  if (note && note->digest == digest)
    if (const auto raised = world_.notary.Committed(note->line, note->floor); !raised)
      log::Failure("models", raised.error());
  told_ = Told{.status = Status::kSucceeded, .phase = "committed", .reason = reason};
  log::Info("models", std::string("a new ") + What() + " is committed",
            {{"name", name}, {"why", reason}});
  Forget();
}

}  // namespace millwright::agent
