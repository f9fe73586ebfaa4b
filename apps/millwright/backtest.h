// What a model would have said on a machine's past, beside what the live one said.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "history.h"
#include "model/manifest.h"
#include "trainer/replay.h"

namespace millwright::cli {

/// An alarm that the candidate would have raised.
struct CandidateAlarm {
  Nanos begin = 0;
  Nanos end = 0;                             // of the step at which it was over; 0: at no step
  model::Level level = model::Level::kNone;  // the highest
  std::string fault{};                       // at the first step of that level; empty: unknown
};

/// One line of the table: an alarm of the live model, of the candidate, or of both.
struct AlarmPair {
  std::optional<LiveAlarm> live;
  std::optional<CandidateAlarm> candidate;
  [[nodiscard]] const char* who() const {
    return !candidate ? "live" : !live ? "candidate" : "both";
  }
};

struct Comparison {
  std::vector<AlarmPair> alarms;  // by begin
  size_t live_alarms = 0, candidate_alarms = 0;
  size_t only_live = 0, only_candidate = 0;
  // Steps by level, [live][candidate], of those that both have judged.
  std::array<std::array<uint64_t, 4>, 4> steps{};
  uint64_t live_alone = 0, candidate_alone = 0;  // steps that only one has judged
  [[nodiscard]] uint64_t compared() const;
  /// Share of the compared steps at which both had the same level; NaN without any.
  [[nodiscard]] double agreement() const;
};

struct CompareOptions {
  Nanos from = 0;              // of the range that counts: what lies before was only learned from
  Nanos slack = 60 * kSecond;  // alarms no further apart are of one event
};

/// The candidate's alarms within [from, range.to). A hole in the data ends an alarm, since the rule
/// starts anew behind it.
[[nodiscard]] std::vector<CandidateAlarm> AlarmsOf(const trainer::ScoredRun& run,
                                                   const model::Manifest& manifest, Nanos from);

/// Pure. `run` is the candidate over the recording that WriteHistory made of `history`.
[[nodiscard]] Comparison Compare(const History& history, const trainer::ScoredRun& run,
                                 const model::Manifest& manifest, const CompareOptions& options);

/// Exports the history to `folder`, plays the bundle over it and compares. The bundle learns what
/// is normal from the first healthy stretch of the history. kInvalid: too little is kept for one
/// window; kUnsupported as ReadHistory, or a schema that needs a shaft speed that is not known.
struct Backtest {
  History history;
  Comparison comparison;
  uint64_t steps_scored = 0;  // by the candidate, in the range that counts
  std::vector<std::string> notes;
};
struct BacktestOptions {
  Nanos learn_from = 0;  // the history is read from here
  Nanos from = 0, to = 0;
  Nanos slack = 60 * kSecond;
  double shaft_hz = 0;  // nominal; the hub does not keep it. 0: not known
};
[[nodiscard]] Result<Backtest> RunBacktest(const AskFunction& ask, const MachineId& machine,
                                           const model::Bundle& bundle,
                                           const BacktestOptions& options,
                                           const std::string& folder);

}  // namespace millwright::cli
