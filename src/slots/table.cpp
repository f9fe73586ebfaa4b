#include "slots/table.h"

#include <algorithm>
#include <array>

namespace millwright::slots {
namespace {

constexpr std::array kTable{
    Transition{Phase::kIdle, Event::kOffered, Phase::kDownloading},
    Transition{Phase::kDownloading, Event::kDownloaded, Phase::kVerifying},
    Transition{Phase::kVerifying, Event::kVerified, Phase::kProving},
    Transition{Phase::kProving, Event::kProved, Phase::kWarmingUp},
    Transition{Phase::kWarmingUp, Event::kWarmed, Phase::kShadow},
    Transition{Phase::kShadow, Event::kSwitched, Phase::kProbation},
    Transition{Phase::kProbation, Event::kCommitted, Phase::kIdle},
    // A gateway's first model has nothing to be compared with.
    Transition{Phase::kWarmingUp, Event::kCommitted, Phase::kIdle},
    Transition{Phase::kDownloading, Event::kRefused, Phase::kIdle},
    Transition{Phase::kVerifying, Event::kRefused, Phase::kIdle},
    Transition{Phase::kProving, Event::kRefused, Phase::kIdle},
    Transition{Phase::kWarmingUp, Event::kRefused, Phase::kIdle},
    Transition{Phase::kShadow, Event::kRefused, Phase::kIdle},
    Transition{Phase::kProbation, Event::kRefused, Phase::kIdle},
    Transition{Phase::kDownloading, Event::kWithdrawn, Phase::kIdle},
    Transition{Phase::kVerifying, Event::kWithdrawn, Phase::kIdle},
    Transition{Phase::kProving, Event::kWithdrawn, Phase::kIdle},
    Transition{Phase::kWarmingUp, Event::kWithdrawn, Phase::kIdle},
    Transition{Phase::kShadow, Event::kWithdrawn, Phase::kIdle},
    Transition{Phase::kProbation, Event::kWithdrawn, Phase::kIdle},
    Transition{Phase::kIdle, Event::kUndone, Phase::kIdle},
};

constexpr std::array<std::string_view, 7> kPhaseNames{
    "idle", "downloading", "verifying", "proving", "warming_up", "shadow", "probation"};
constexpr std::array<std::string_view, 10> kEventNames{
    "offered",  "downloaded", "verified", "proved",    "warmed",
    "switched", "committed",  "refused",  "withdrawn", "undone"};

}  // namespace

std::span<const Transition> Table() { return kTable; }

std::optional<Phase> Next(Phase from, Event event) {
  const auto* found = std::ranges::find_if(
      kTable, [&](const Transition& t) { return t.from == from && t.event == event; });
  if (found == kTable.end()) return std::nullopt;
  return found->to;
}

std::string_view Name(Phase phase) { return kPhaseNames[static_cast<size_t>(phase)]; }
std::string_view Name(Event event) { return kEventNames[static_cast<size_t>(event)]; }

std::optional<Phase> PhaseByName(std::string_view name) {
  const auto* found = std::ranges::find(kPhaseNames, name);
  if (found == kPhaseNames.end()) return std::nullopt;
  return static_cast<Phase>(found - kPhaseNames.begin());
}

}  // namespace millwright::slots
