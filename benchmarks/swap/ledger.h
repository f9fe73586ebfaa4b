// What became of every window: decided once, by which model, how long after its last sample.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/time.h"
#include "plant.h"

namespace millwright::bench {

struct LedgerFigures {
  uint64_t windows = 0, missed = 0, twice = 0;
  uint64_t changes = 0;  // of the model that decides, as a machine's decisions tell it
  uint64_t near = 0, far = 0;
  double near_ms_p50 = 0, far_ms_p50 = 0;
  double near_ms_p99 = 0, far_ms_p99 = 0;
  double near_ms_p999 = 0, far_ms_p999 = 0;
  double near_ms_max = 0, far_ms_max = 0;
};

class Ledger {
 public:
  explicit Ledger(const Plant& plant)
      : plant_(plant), books_(static_cast<size_t>(plant.machines())) {}

  /// On the agent's thread, right after it handed a decision to its broker.
  void Note(Nanos real, std::string_view payload);
  /// Takes in what was noted; the main thread's, often.
  void Read();
  /// The first of each machine's decisions from which on every window counts.
  [[nodiscard]] bool AllRunning() const;
  [[nodiscard]] LedgerFigures Close(Nanos last_end) const;

 private:
  struct Noted {
    Nanos real = 0;
    std::string payload;
  };
  struct Window {
    Nanos real = 0;     // of its decision
    Nanos latency = 0;  // from the last sample's publish
  };
  struct Book {
    Nanos first = 0;               // end of the first window that counts
    std::map<Nanos, int> decided;  // window's end -> how often
    std::string model;
    uint64_t changes = 0;
  };
  void Enter(const Noted& noted);

  const Plant& plant_;
  std::mutex mutex_;
  std::vector<Noted> noted_;
  std::vector<Book> books_;  // by machine
  std::vector<Window> windows_;
  std::vector<Nanos> changed_at_;  // real, of any machine
};

}  // namespace millwright::bench
