// Two models' scores of one machine's windows, brought together: of each window once, and of
// windows that do not overlap, since a test of paired scores needs independent ones.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "agent/exchange.h"
#include "agent/outcome.h"

namespace millwright::agent {

/// One machine's. The decision thread's: no allocation.
class Pairing {
 public:
  /// Begins anew. `window`: the longer of the two models' windows; `apart`: how far two models'
  /// steps may lie from each other and still be the same.
  void Start(Candidate candidate, Nanos window, Nanos apart);

  /// What the deciding model said; `took_ms`: its work on it.
  void Decided(const Outcome& outcome, double took_ms) { Note(live_, outcome, took_ms); }
  /// What the watching model said: a pair where both spoke of one window, and none is too near.
  [[nodiscard]] std::optional<slots::Pair> Watched(const Outcome& outcome, double took_ms);

 private:
  struct Said {
    Nanos step_end = 0;
    float confidence = 0;     // probability of the class it chose
    bool alarms = false;      // that class is not the healthy one
    std::string_view code{};  // of that class; its plan's, which lasts until Start
    double took_ms = 0;
  };
  struct Recent {
    std::array<Said, 4> said;
    size_t next = 0;
  };
  static void Note(Recent& recent, const Outcome& outcome, double took_ms);
  [[nodiscard]] static Said Of(const Outcome& outcome, double took_ms);

  Candidate candidate_ = Candidate::kWatches;
  Nanos window_ = 0;
  Nanos apart_ = 0;
  Nanos last_ = 0;
  bool any_ = false;
  Recent live_;
};

}  // namespace millwright::agent
