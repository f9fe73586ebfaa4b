// Decides whether the service manager's watchdog may be fed: only by progress. A process that runs
// but no longer decides is to be restarted.
#pragma once

#include "agent/agent.h"

namespace millwright::agent {

class Watchdog {
 public:
  /// `period`: how often it is to be fed; 0: there is none.
  explicit Watchdog(Nanos period) : period_(period) {}

  /// True where it is due and the decision thread has moved since the last time: its loop turns,
  /// and where readings wait, some were decided upon.
  [[nodiscard]] bool Feeds(const AgentFigures& figures, Nanos now) {
    if (period_ <= 0 || now < due_at_) return false;
    due_at_ = now + period_;
    const bool turns = figures.turns != turns_;
    const bool stuck = waiting_ > 0 && figures.waiting > 0 && figures.items == items_;
    turns_ = figures.turns;
    items_ = figures.items;
    waiting_ = figures.waiting;
    return turns && !stuck;
  }

 private:
  Nanos period_;
  Nanos due_at_ = 0;
  uint64_t turns_ = 0, items_ = 0, waiting_ = 0;
};

}  // namespace millwright::agent
