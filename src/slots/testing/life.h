// The life of a gateway's models as a script: installs, refusals, a rollback, an undo, restarts.
// Run on a fake disk for every cut and fault, and on the real one under kill -9, with what must
// hold after each recovery.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "os/clock.h"
#include "slots/slots.h"
#include "slots/testing/test_packs.h"

namespace millwright::slots {

/// What is known to have happened, for judging a recovery: only what returned before the cut.
struct Known {
  bool committed = false;        // some model was committed: from here on something must serve
  std::set<std::string> proved;  // digests that passed the golden vectors
  uint64_t floor = 0;
};

struct Verdict {
  bool unservable = false;
  bool unverified_loaded = false;
  bool below_floor_installed = false;
  double recovery_ms = 0;
  std::string what;  // of the first fault
  [[nodiscard]] bool good() const {
    return !unservable && !unverified_loaded && !below_floor_installed;
  }
};

class Life {
 public:
  using Kind = model::BundleKind;
  Life(os::Disk& disk, os::Clock& clock, std::string folder, Kind kind = Kind::kModel);
  /// Plays chapter after chapter; `after_step` is told what is known after each call. Stops at the
  /// first error of the disk, which it returns.
  [[nodiscard]] Result<void> Play(const std::function<void(const Known&)>& after_step);
  /// Goes on from whatever is there: finishes or drops the candidate, installs one more model. An
  /// error means the gateway is stuck.
  [[nodiscard]] static Result<void> GoOn(os::Disk& disk, os::Clock& clock,
                                         const std::string& folder, Kind kind = Kind::kModel);
  /// Recovers what `disk` holds and compares with what was known.
  [[nodiscard]] static Verdict Judge(os::Disk& disk, os::Clock& clock, const std::string& folder,
                                     const Known& known, Kind kind = Kind::kModel);
  /// Packs are made once and shared: release 1, 2, ...
  [[nodiscard]] static const TestPack& Pack(uint64_t release, Kind kind = Kind::kModel);

 private:
  [[nodiscard]] Result<void> Download(Slots& slots, const TestPack& pack, bool in_two_runs);
  [[nodiscard]] Result<void> Prove(Slots& slots, const TestPack& pack);
  [[nodiscard]] Result<void> FirstModel(Slots& slots);
  [[nodiscard]] Result<void> Replace(Slots& slots, const TestPack& pack);
  [[nodiscard]] Result<void> RollBack(Slots& slots, const TestPack& pack);
  [[nodiscard]] Result<void> RefuseDamaged(Slots& slots, const TestPack& pack);
  [[nodiscard]] Result<void> Restart();
  [[nodiscard]] const TestPack& Mine(uint64_t release) const { return Pack(release, kind_); }
  [[nodiscard]] Result<void> Step(Result<void> result);

  os::Disk& disk_;
  os::Clock& clock_;
  std::string folder_;
  Kind kind_;
  std::unique_ptr<Slots> slots_;
  std::function<void(const Known&)> after_step_;
  Known known_;
  int boots_ = 0;
};

}  // namespace millwright::slots
