// The models of one gateway: which decides, which it replaced, which one is on its way. Every step
// is durable before it counts, so that the power may fail at any instant; what was proved good is
// kept until something else is. Configurations have slots of their own, with the same life.
//
//   MW_TRY(auto slots, Slots::Open(disk, clock, "/var/lib/millwright/models", {}));
//   MW_TRY(const Serving serving, slots->BeginRun(boot_id));     // before any model is loaded
//   ... load serving.folder, decide ...
//   MW_TRY(slots->NoteProgress());                               // after some good windows
//   MW_TRY(slots->Offer(bundle));                                // then Apply, event by event
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "model/any_bundle.h"
#include "os/clock.h"
#include "os/disk.h"
#include "slots/staging.h"
#include "slots/state.h"

namespace millwright::slots {

struct Policy {
  model::BundleKind kind = model::BundleKind::kModel;  // nothing else is taken
  // Something that no slot holds serves where none is committed: the gateway's own configuration.
  bool base_beneath = false;
  int crashes_max = 3;        // of the process in a row, before its model is taken back
  int power_cuts_max = 10;    // of the machine in a row: a model that brings it down
  int trial_crashes_max = 2;  // while a candidate was tried: it is refused
  uint32_t block_bytes = 32768;
  uint64_t pack_bytes_max = uint64_t{64} << 20;
};

/// Which of a gateway's two sets of slots a crash is counted against.
enum class Suspect : uint8_t { kThis, kOther };

/// What BeginRun says.
struct Serving {
  std::optional<BundleRef> bundle;  // nothing: no model is installed, or none is whole
  std::string folder;               // of its files
  bool probation = false;           // a candidate decides; `watching` scores beside it
  std::optional<BundleRef> watching;
  std::string taken_back;  // why a model was taken back just now, in words; empty otherwise
};

/// Not thread-safe; one owner thread.
class Slots {
 public:
  /// Borrows disk and clock. A damaged state is rebuilt from the bundles that are whole, and says
  /// so in the history.
  [[nodiscard]] static Result<std::unique_ptr<Slots>> Open(os::Disk& disk, os::Clock& clock,
                                                           std::string folder, Policy policy);

  /// Counts the start, durably, before a model is loaded; after too many without progress the model
  /// is taken back. `boot_id` tells a crash of the process from a power cut.
  [[nodiscard]] Result<Serving> BeginRun(const std::string& boot_id,
                                         Suspect suspect = Suspect::kThis);
  /// The serving model has decided well for a while: earlier crashes are forgiven.
  [[nodiscard]] Result<void> NoteProgress();
  /// A clean end: the next start is not counted.
  [[nodiscard]] Result<void> EndRun();

  /// Takes an offer of signed metadata. kConflict: it decides already, was refused before, or
  /// another candidate is on its way; kInvalid: below the floor, or too large.
  [[nodiscard]] Result<void> Offer(const BundleRef& bundle);
  /// The candidate's download, begun or resumed.
  [[nodiscard]] Result<Staging> OpenStaging();
  /// Checks the downloaded pack against its hash and installs its files. kInvalid: it is not what
  /// was signed (the caller refuses it); other errors may pass.
  [[nodiscard]] Result<void> Install();
  /// Any event of the table; `reason` in words where something ends. kConflict: not now.
  [[nodiscard]] Result<void> Apply(Event event, std::string_view reason = {});
  /// Nothing below `release` is installed from now on; never falls.
  [[nodiscard]] Result<void> RaiseFloor(uint64_t release);
  /// Lets a refused bundle be offered again.
  [[nodiscard]] Result<void> Forgive(const std::string& digest);
  /// Removes files that no slot names. After every end; safe to cut anywhere.
  [[nodiscard]] Result<void> Prune();

  [[nodiscard]] const State& state() const { return state_; }
  /// Whether an undo has something to go back to.
  [[nodiscard]] bool CanUndo() const { return CanUndo(state_); }
  [[nodiscard]] std::string FolderOf(const BundleRef& bundle) const;

 private:
  Slots(os::Disk& disk, os::Clock& clock, std::string folder, Policy policy);
  [[nodiscard]] Result<void> Store(State next);
  [[nodiscard]] Result<void> Rebuild(const std::string& why);
  [[nodiscard]] Result<void> CheckWhole(const BundleRef& bundle);
  [[nodiscard]] bool CanUndo(const State& state) const {
    return state.committed && (state.previous || policy_.base_beneath);
  }
  void CountStart(State& state, const std::string& boot_id) const;
  [[nodiscard]] std::string TakeBackAfterCrashes(State& state) const;
  [[nodiscard]] bool FindWhole(State& state, std::string& taken_back);
  [[nodiscard]] Result<State> After(Event event, std::string_view reason) const;
  void End(State& state, const BundleRef& bundle, std::string_view result,
           std::string_view reason) const;
  static void Refuse(State& state, const std::string& digest);
  [[nodiscard]] std::string StagingFolder() const { return folder_ + "/staging"; }
  [[nodiscard]] std::string BundlesFolder() const { return folder_ + "/bundles"; }

  os::Disk& disk_;
  os::Clock& clock_;
  const std::string folder_;
  const Policy policy_;
  StateFiles files_;
  State state_;
};

/// The bundle that decides in this state.
[[nodiscard]] const std::optional<BundleRef>& ServingOf(const State& state);

}  // namespace millwright::slots
