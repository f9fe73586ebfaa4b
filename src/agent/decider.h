// The decision thread: takes items from the inbox, decides, hands outcomes on. It never waits for
// disk, network, a lock or the threads that it feeds.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "agent/coverage.h"
#include "agent/crew.h"
#include "agent/exchange.h"
#include "agent/machine.h"
#include "agent/outcome.h"
#include "agent/pairing.h"
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
  // The other way: assets that the recorder wants learned anew. One waits by asset at most.
  SpscQueue<uint16_t> recommission;
};

struct DeciderCounts {
  std::atomic<uint64_t> items{0};
  std::atomic<uint64_t> decisions{0};  // scored windows
  std::atomic<uint64_t> turns{0};  // of the loop: the watchdog's and the heartbeat's proof of life
  std::atomic<uint64_t> late_decisions{0};  // not published: the MQTT thread was far behind
  std::atomic<uint64_t> lost_alerts{0};     // the recorder was stuck through hundreds of changes
  std::atomic<uint64_t> unrecorded_steps{
      0};                            // telemetry rows without room; coverage is kept for later
  std::atomic<uint64_t> swaps{0};    // of the model that decides
  std::atomic<uint64_t> skipped{0};  // windows that the watching model left out for want of time
  std::atomic<uint64_t> slow_decisions{
      0};  // later than the latency budget after their reading came
};

class Decider {
 public:
  /// Borrows all but the crew; they outlive it. `restored`: by asset, where coverage goes on.
  /// `before_watching` is called when a decision has been handed on and the model that watches is
  /// about to look at the same step.
  Decider(std::unique_ptr<Crew> crew, std::span<const Restored> restored, Inbox& inbox,
          Outlets& outlets, Exchange& exchange, os::Clock& clock,
          std::function<void()> before_watching);

  /// Takes up to `items_max` items and decides whatever they finish. True where there may be more.
  [[nodiscard]] bool Work(size_t items_max);
  /// Looks after machines without data and hands coverage on that no step carried. Every 100 ms or
  /// so.
  void Tick();
  /// Hands on what coverage still waits: at the end, until it returns true.
  [[nodiscard]] bool Flush();

  [[nodiscard]] const DeciderCounts& counts() const { return counts_; }

 private:
  struct Seat {  // what belongs to the asset, whichever model decides
    Coverage coverage;
    Pairing pairing;
    Nanos spectrum_at = 0;  // step time of the last waveform handed on
    bool spectrum_taken = false;
    bool coverage_due = false;
    double watched_ms = 0;  // what the watching model's last step took without the model
  };
  void Take(const Item& item);
  [[nodiscard]] bool Decide(size_t asset, Nanos began);
  void Watch(const Item& item, std::span<const float> samples);
  void ScoreWatched();
  void TakeOrders();
  void TakeRecommissions();
  [[nodiscard]] bool Carry(Order& order);
  void StartPairing(Candidate candidate);
  [[nodiscard]] bool AllWarm() const;
  [[nodiscard]] int FindBlind() const;
  [[nodiscard]] bool FollowChannels();
  void Deliver(size_t asset, Outcome& outcome);
  void HandAlert(const Outcome& outcome);
  void HandWaveform(size_t asset, const Outcome& outcome);
  [[nodiscard]] bool HandCoverage(size_t asset);
  [[nodiscard]] bool Record(size_t asset, Outcome& outcome, bool coverage_only);

  std::unique_ptr<Crew> live_;
  std::unique_ptr<Crew> watching_;  // null: none
  std::vector<Seat> seats_;         // by asset
  std::vector<size_t> unscored_;    // assets whose watched step waits for its model
  Inbox& inbox_;
  Outlets& outlets_;
  Exchange& exchange_;
  os::Clock& clock_;
  const std::function<void()> before_watching_;
  Candidate candidate_ = Candidate::kWatches;
  Nanos silent_at_ = 0;  // monotonic: when channels silent since the start are declared
  bool silent_declared_ = false;
  DeciderCounts counts_;
};

}  // namespace millwright::agent
