#include "slots/slots.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "model/any_bundle.h"
#include "model/manifest.h"
#include "os/files.h"

namespace millwright::slots {
namespace {

constexpr size_t kReasonMax = 400;

bool IsTrial(Phase phase) {
  return phase == Phase::kProving || phase == Phase::kWarmingUp || phase == Phase::kShadow;
}

bool EndsCandidate(Event event) {
  return event == Event::kCommitted || event == Event::kRefused || event == Event::kWithdrawn;
}

}  // namespace

const std::optional<BundleRef>& ServingOf(const State& state) {
  return state.phase == Phase::kProbation ? state.candidate : state.committed;
}

Slots::Slots(os::Disk& disk, os::Clock& clock, std::string folder, Policy policy)
    : disk_(disk),
      clock_(clock),
      folder_(std::move(folder)),
      policy_(policy),
      files_(disk, folder_) {}

Result<std::unique_ptr<Slots>> Slots::Open(os::Disk& disk, os::Clock& clock, std::string folder,
                                           Policy policy) {
  std::unique_ptr<Slots> slots(new Slots(disk, clock, std::move(folder), policy));
  MW_TRY(os::MakeFoldersDurably(disk, slots->BundlesFolder()));
  auto state = slots->files_.Load();
  if (state) {
    slots->state_ = std::move(*state);
  } else if (state.error().code == Errc::kInvalid) {
    MW_TRY(slots->Rebuild(state.error().what));
  } else if (state.error().code != Errc::kNotFound) {
    return tl::unexpected(state.error());
  }
  return slots;
}

std::string Slots::FolderOf(const BundleRef& bundle) const {
  return BundlesFolder() + "/" + bundle.digest;
}

// Both copies are damaged: a bundle's folder is named by the hash of its manifest, so what is whole
// can be told without any state.
Result<void> Slots::Rebuild(const std::string& why) {
  MW_TRY(const std::vector<std::string> names, disk_.List(BundlesFolder()));
  State rebuilt;
  Nanos newest = 0;
  for (const std::string& name : names) {
    const BundleRef bundle{.digest = name};
    if (!crypto::IsSha256Hex(name) || !CheckWhole(bundle)) continue;
    os::DiskFiles files(disk_);
    MW_TRY(const model::BundleFacts facts, model::CheckBundle(files, FolderOf(bundle)));
    if (rebuilt.committed && facts.created <= newest) continue;
    newest = facts.created;
    rebuilt.committed = bundle;
    rebuilt.committed->name = facts.name;
    rebuilt.committed->version = facts.version;
  }
  if (rebuilt.committed) End(rebuilt, *rebuilt.committed, "rebuilt", why);
  return Store(std::move(rebuilt));
}

Result<void> Slots::Store(State next) {
  MW_TRY(files_.Store(next));
  state_ = std::move(next);
  return {};
}

Result<void> Slots::CheckWhole(const BundleRef& bundle) {
  os::DiskFiles files(disk_);
  const std::string folder = FolderOf(bundle);
  MW_TRY(const os::Bytes manifest,
         files.Read(folder + "/" + std::string(model::kManifestFile), size_t{4} << 20));
  if (crypto::Sha256Hex(std::span<const std::byte>(manifest)) != bundle.digest)
    return Fail(Errc::kInvalid,
                "slots: the manifest in " + folder + " is not the one that was signed");
  MW_TRY(const model::BundleFacts facts, model::CheckBundle(files, folder));
  if (facts.kind != policy_.kind)
    return Fail(Errc::kInvalid, "slots: the bundle in " + folder + " is a " +
                                    std::string(model::Name(facts.kind)) + ", wanted is a " +
                                    std::string(model::Name(policy_.kind)));
  return {};
}

// -- starts
// ------------------------------------------------------------------------------------------

Result<Serving> Slots::BeginRun(const std::string& boot_id, Suspect suspect) {
  State next = state_;
  Serving serving;
  if (suspect == Suspect::kThis) {
    CountStart(next, boot_id);
    serving.taken_back = TakeBackAfterCrashes(next);
  }
  const bool whole = FindWhole(next, serving.taken_back);
  const auto& bundle = ServingOf(next);
  next.starts.digest = bundle ? bundle->digest : "";
  next.running = true;
  next.boot_id = boot_id;
  MW_TRY(Store(std::move(next)));
  if (!whole) return serving;
  serving.bundle = ServingOf(state_);
  serving.folder = FolderOf(*serving.bundle);
  serving.probation = state_.phase == Phase::kProbation;
  if (serving.probation) serving.watching = state_.committed;
  return serving;
}

void Slots::CountStart(State& state, const std::string& boot_id) const {
  const auto& serving = ServingOf(state);
  if (serving && state.starts.digest != serving->digest) state.starts = {.digest = serving->digest};
  if (!state.running) return;
  if (state.boot_id != boot_id) {
    ++state.starts.power_cuts;
  } else if (IsTrial(state.phase)) {
    ++state.starts.trial_crashes;
  } else {
    ++state.starts.crashes;
  }
}

std::string Slots::TakeBackAfterCrashes(State& state) const {
  if (IsTrial(state.phase) && state.starts.trial_crashes >= policy_.trial_crashes_max) {
    std::string reason = "the agent crashed " + std::to_string(state.starts.trial_crashes) +
                         " times while it was tried";
    Refuse(state, state.candidate->digest);
    End(state, *state.candidate, "refused", reason);
    state.candidate.reset();
    state.phase = Phase::kIdle;
    state.starts.trial_crashes = 0;
    return reason;
  }
  const bool crashes = state.starts.crashes >= policy_.crashes_max;
  if (!crashes && state.starts.power_cuts < policy_.power_cuts_max) return {};
  std::string reason =
      crashes ? "crash loop: " + std::to_string(state.starts.crashes) + " crashes without progress"
              : "the machine went down " + std::to_string(state.starts.power_cuts) +
                    " times without progress";
  if (state.phase == Phase::kProbation) {
    Refuse(state, state.candidate->digest);
    End(state, *state.candidate, "rolled back", reason);
    state.candidate.reset();
    state.phase = Phase::kIdle;
  } else if (CanUndo(state)) {
    End(state, *state.committed, "undone", reason);
    std::swap(state.committed, state.previous);
  } else {
    return {};  // nothing to go back to: it goes on trying
  }
  state.starts = {};
  return reason;
}

// True where a model can serve: the one in charge, or the one it gives way to because its files are
// damaged. Each bundle is read once, for a start must be short.
bool Slots::FindWhole(State& state, std::string& taken_back) {
  const auto& serving = ServingOf(state);
  if (!serving) return false;
  const auto whole = CheckWhole(*serving);
  if (whole) return true;
  const std::string reason = "its files are damaged: " + whole.error().what;
  const auto serves = [&](const std::optional<BundleRef>& other) {
    return other ? CheckWhole(*other).has_value() : policy_.base_beneath;
  };
  if (state.phase == Phase::kProbation && serves(state.committed)) {
    End(state, *state.candidate, "rolled back", reason);
    state.candidate.reset();
    state.phase = Phase::kIdle;
  } else if (state.phase != Phase::kProbation && serves(state.previous)) {
    End(state, *state.committed, "undone", reason);
    std::swap(state.committed, state.previous);
  } else {
    return false;
  }
  taken_back += (taken_back.empty() ? "" : "; ") + reason;
  return ServingOf(state).has_value();
}

Result<void> Slots::NoteProgress() {
  if (state_.starts.crashes == 0 && state_.starts.power_cuts == 0 &&
      state_.starts.trial_crashes == 0)
    return {};
  State next = state_;
  next.starts = {.digest = state_.starts.digest};
  return Store(std::move(next));
}

Result<void> Slots::EndRun() {
  if (!state_.running) return {};
  State next = state_;
  next.running = false;
  return Store(std::move(next));
}

// -- a candidate's way
// -------------------------------------------------------------------------------

Result<void> Slots::Offer(const BundleRef& bundle) {
  const std::string who = "slots: " + bundle.name + " " + bundle.version;
  if (!crypto::IsSha256Hex(bundle.digest) || !crypto::IsSha256Hex(bundle.pack_sha256))
    return Fail(Errc::kInvalid, who + ": the offer carries no hashes");
  if (bundle.pack_bytes == 0 || bundle.pack_bytes > policy_.pack_bytes_max)
    return Fail(Errc::kInvalid,
                who + ": a pack of " + std::to_string(bundle.pack_bytes) + " bytes");
  if (bundle.release < state_.floor)
    return Fail(Errc::kInvalid, who + ": release " + std::to_string(bundle.release) +
                                    " is below the floor " + std::to_string(state_.floor));
  if (state_.committed && state_.committed->digest == bundle.digest)
    return Fail(Errc::kConflict, who + " decides already");
  if (std::ranges::find(state_.refused, bundle.digest) != state_.refused.end())
    return Fail(Errc::kConflict, who + " was refused before");
  MW_TRY(State next, After(Event::kOffered, {}));
  next.candidate = bundle;
  return Store(std::move(next));
}

Result<Staging> Slots::OpenStaging() {
  if (state_.phase != Phase::kDownloading)
    return Fail(Errc::kConflict, "slots: nothing is being downloaded");
  return Staging::Open(disk_, StagingFolder(), *state_.candidate, policy_.block_bytes);
}

Result<void> Slots::Apply(Event event, std::string_view reason) {
  MW_TRY(State next, After(event, reason));
  return Store(std::move(next));
}

Result<State> Slots::After(Event event, std::string_view reason) const {
  const auto to = Next(state_.phase, event);
  if (!to)
    return Fail(Errc::kConflict, "slots: \"" + std::string(Name(event)) +
                                     "\" cannot happen while " + std::string(Name(state_.phase)));
  State next = state_;
  next.phase = *to;
  const bool installs = event == Event::kSwitched || event == Event::kCommitted;
  if (installs && state_.candidate->release < state_.floor)
    return Fail(Errc::kConflict, "slots: the floor has risen above the candidate's release");
  if (event == Event::kCommitted && state_.phase == Phase::kWarmingUp && state_.committed)
    return Fail(Errc::kConflict, "slots: only a first model is committed without a comparison");
  if (event == Event::kUndone) {
    if (!CanUndo())
      return Fail(Errc::kConflict,
                  "slots: there is no earlier " + std::string(model::Name(policy_.kind)));
    End(next, *state_.committed, "undone", reason);
    Refuse(next, state_.committed->digest);
    std::swap(next.committed, next.previous);
  }
  if (!EndsCandidate(event)) return next;
  const bool decided = state_.phase == Phase::kProbation;
  const std::string_view result = event == Event::kCommitted ? "committed"
                                  : decided                  ? "rolled back"
                                  : event == Event::kRefused ? "refused"
                                                             : "withdrawn";
  End(next, *state_.candidate, result, reason);
  if (event == Event::kRefused) Refuse(next, state_.candidate->digest);
  if (event == Event::kCommitted) {
    next.previous = state_.committed;
    next.committed = state_.candidate;
  }
  next.candidate.reset();
  return next;
}

void Slots::End(State& state, const BundleRef& bundle, std::string_view result,
                std::string_view reason) const {
  if (state.history.size() >= State::kHistoryMax) state.history.erase(state.history.begin());
  state.history.push_back({.bundle = bundle,
                           .result = std::string(result),
                           .phase = state_.phase,
                           .reason = std::string(reason.substr(0, kReasonMax)),
                           .at = clock_.Utc()});
}

void Slots::Refuse(State& state, const std::string& digest) {
  if (state.refused.size() >= State::kRefusedMax) state.refused.erase(state.refused.begin());
  state.refused.push_back(digest);
}

Result<void> Slots::RaiseFloor(uint64_t release) {
  if (release <= state_.floor) return {};
  State next = state_;
  next.floor = release;
  return Store(std::move(next));
}

Result<void> Slots::Forgive(const std::string& digest) {
  State next = state_;
  if (std::erase(next.refused, digest) == 0)
    return Fail(Errc::kNotFound, "slots: " + digest + " was not refused");
  return Store(std::move(next));
}

}  // namespace millwright::slots
