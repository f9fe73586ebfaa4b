// What changed inside a transaction is told when it has ended: who is told reads what is there
// then.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "hub/rollout/job_table.h"

namespace millwright::hub {

class HeldChanges {
 public:
  explicit HeldChanges(ChangeHook hook) : hook_(std::move(hook)) {}
  void Tell(const std::string& id) {
    if (!hook_) return;
    if (held_)
      waiting_.insert(id);
    else
      hook_(id);
  }

 private:
  friend class ChangeHold;
  const ChangeHook hook_;
  bool held_ = false;
  std::set<std::string> waiting_;
};

/// Until the end of the scope. Made before the transaction, so that it ends after it.
class ChangeHold {
 public:
  explicit ChangeHold(HeldChanges& changes) : changes_(changes) { changes_.held_ = true; }
  ~ChangeHold() {
    changes_.held_ = false;
    for (const std::string& id : std::exchange(changes_.waiting_, {})) changes_.hook_(id);
  }
  ChangeHold(const ChangeHold&) = delete;
  ChangeHold& operator=(const ChangeHold&) = delete;

 private:
  HeldChanges& changes_;
};

}  // namespace millwright::hub
