// What a gateway's model update can be in, and what may happen to it: the whole life of a candidate
// as one table. Everything that is not in the table is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millwright::slots {

/// Where the candidate stands. The model that decides is the committed one, but in probation, where
/// it is the candidate and the committed one only watches.
enum class Phase : uint8_t {
  kIdle,         // no candidate
  kDownloading,  // blocks arrive
  kVerifying,    // all are there: length, hash, contents
  kProving,      // golden vectors
  kWarmingUp,    // memory touched, first runs done
  kShadow,       // scores beside the committed model
  kProbation,    // decides; the committed model scores beside it
};

enum class Event : uint8_t {
  kOffered,     // signed metadata names a new bundle
  kDownloaded,  // every block is on disk
  kVerified,
  kProved,
  kWarmed,
  kSwitched,   // shadow passed: the candidate decides from the next window on
  kCommitted,  // probation passed
  kRefused,    // the candidate is bad: never again
  kWithdrawn,  // the hub or a person took the offer back: it may come again
  kUndone,     // a person wants the model before this one back
};

struct Transition {
  Phase from;
  Event event;
  Phase to;
};

[[nodiscard]] std::span<const Transition> Table();
/// Where `event` leads from `from`; nothing where it may not happen there.
[[nodiscard]] std::optional<Phase> Next(Phase from, Event event);

/// "idle", "downloading", ...
[[nodiscard]] std::string_view Name(Phase phase);
[[nodiscard]] std::optional<Phase> PhaseByName(std::string_view name);
[[nodiscard]] std::string_view Name(Event event);

}  // namespace millwright::slots
