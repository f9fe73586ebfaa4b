// Between the models thread, which makes crews and judges them, and the decision thread, which uses
// them: orders one way, answers and pairs of scores the other. No locks; nothing is ended here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "agent/crew.h"
#include "core/spsc_queue.h"
#include "slots/trial.h"

namespace millwright::agent {

/// Which of the two crews is the new one: the other one, in shadow, or the one that decides.
enum class Candidate : uint8_t { kWatches, kDecides };

struct Order {
  enum class Kind : uint8_t {
    kWatch,    // `crew` scores beside the one that decides, from here on
    kSwap,     // the two change places, between two steps
    kUnwatch,  // the one that watches comes back
  };
  Kind kind = Kind::kWatch;
  Candidate candidate = Candidate::kWatches;  // from here on
  bool at_once = false;                       // a swap that waits for no machine to be warm
  std::unique_ptr<Crew> crew{};
};

struct Answer {
  Order::Kind kind = Order::Kind::kWatch;
  bool done = false;             // a swap that was too early is not
  std::unique_ptr<Crew> crew{};  // of kUnwatch
};

struct Exchange {
  static constexpr size_t kOrders = 4;  // one is under way at a time
  static constexpr size_t kPairs = 4096;

  SpscQueue<Order> orders{kOrders};
  SpscQueue<Answer> answers{kOrders};
  SpscQueue<slots::Pair> pairs{kPairs};
  std::atomic<bool> warm{false};  // every watching machine could decide in the other's place
  // A machine that is unknown under the candidate and runs under the other; -1: none.
  std::atomic<int> blind{-1};
  std::atomic<uint64_t> pairs_made{0};
  std::atomic<uint64_t> pairs_lost{0};  // the models thread was far behind
};

}  // namespace millwright::agent
