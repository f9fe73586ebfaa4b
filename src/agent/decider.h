// The decision thread: takes items from the inbox, decides, hands outcomes on. It never waits for
// disk, network, a lock or the threads that it feeds.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "agent/machine.h"
#include "agent/outcome.h"
#include "agent/plan.h"
#include "os/clock.h"

namespace millwright::agent {

/// Where outcomes go. `decisions` feeds the MQTT thread, the others the recorder: `alerts` what
/// must not be lost behind telemetry (changes of level and state, learned baselines), `records`
/// each step.
struct Outlets {
  explicit Outlets(const Plan& plan);
  OutcomeQueue decisions;
  OutcomeQueue alerts;
  OutcomeQueue records;
  WaveformQueue waveforms;
};

struct DeciderCounts {
  std::atomic<uint64_t> items{0};
  std::atomic<uint64_t> decisions{0};  // scored windows
  std::atomic<uint64_t> turns{0};  // of the loop: the watchdog's and the heartbeat's proof of life
  std::atomic<uint64_t> late_decisions{0};  // not published: the MQTT thread was far behind
  std::atomic<uint64_t> lost_alerts{0};     // the recorder was stuck through hundreds of changes
  std::atomic<uint64_t> unrecorded_steps{
      0};  // telemetry rows without room; coverage is kept for later
};

class Decider {
 public:
  /// Borrows all; they outlive it. `machines` by the plan's assets.
  Decider(const Plan& plan, std::vector<std::unique_ptr<Machine>> machines, Inbox& inbox,
          Outlets& outlets, os::Clock& clock);

  /// Takes up to `items_max` items and decides whatever they finish. True where there may be more.
  [[nodiscard]] bool Work(size_t items_max);
  /// Looks after machines without data and hands coverage on that no step carried. Every 100 ms or
  /// so.
  void Tick();
  /// Hands on what coverage still waits: at the end, until it returns true.
  [[nodiscard]] bool Flush();

  [[nodiscard]] const DeciderCounts& counts() const { return counts_; }

 private:
  struct Watch {
    Nanos spectrum_at = 0;  // step time of the last waveform handed on
    bool spectrum_taken = false;
    bool coverage_due = false;
  };
  void Decide(size_t asset);
  void Deliver(size_t asset, Outcome& outcome);
  void HandAlert(const Outcome& outcome);
  void HandWaveform(size_t asset, const Outcome& outcome);
  [[nodiscard]] bool HandCoverage(size_t asset);
  [[nodiscard]] bool Record(size_t asset, Outcome& outcome, bool coverage_only);

  const Plan& plan_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Watch> watches_;
  std::vector<int> vibration_;  // by asset: the schema's first samples channel, -1: none
  Inbox& inbox_;
  Outlets& outlets_;
  os::Clock& clock_;
  Outcome scratch_;
  Nanos silent_at_ = 0;  // monotonic: when channels silent since the start are declared
  bool silent_declared_ = false;
  DeciderCounts counts_;
};

}  // namespace millwright::agent
