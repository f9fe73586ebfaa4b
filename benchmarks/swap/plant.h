// The machines' sensors, on a thread of their own: a block of each machine every 200 ms of the fast
// clock, the machines one after the other. Beside it a probe that sees what the computer itself
// does to a thread that only wants to wake up in time.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "agent/testing/plant.h"
#include "fast_clock.h"

namespace millwright::bench {

inline constexpr Nanos kStep = 200 * kMillisecond;  // of the fast clock: block and model's step

class Plant {
 public:
  Plant(mqtt::FakeBroker& broker, const FastClock& clock, int machines);
  void Start();
  /// Ends after whole rounds: each machine has sent as many blocks as the others.
  void Stop();

  /// All machines become loud, or quiet again, from their next block on.
  void SetLoud(bool loud) { loud_ = loud; }
  /// When the block that was sent at `sent`, by its own word, was handed to the broker; 0: never.
  [[nodiscard]] Nanos PublishedAt(size_t machine, Nanos sent) const;
  [[nodiscard]] int machines() const { return static_cast<int>(sensors_.size()); }
  /// The end of the last block; after Stop.
  [[nodiscard]] Nanos last_end() const { return first_ + rounds_.load() * kStep; }

 private:
  void Run(const std::stop_token& stop);

  const FastClock& clock_;
  const Nanos first_;  // data time of the first blocks
  std::vector<std::unique_ptr<agent::testing::Sensors>> sensors_;
  std::atomic<bool> loud_{false};
  std::atomic<int64_t> rounds_{0};  // finished; publishes what was written down before
  std::vector<std::vector<std::atomic<Nanos>>> published_;  // ring of rounds, by machine
  std::jthread thread_;
};

/// How late a thread wakes that sleeps a millisecond at a time.
class StallProbe {
 public:
  void Start();
  /// The lateness that a share of all wakes does not exceed, in ms; ends the probe.
  [[nodiscard]] double StopAndTell(double share);

 private:
  std::vector<Nanos> late_;
  std::jthread thread_;
};

}  // namespace millwright::bench
