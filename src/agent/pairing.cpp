#include "agent/pairing.h"

#include <algorithm>
#include <cstdlib>

#include "agent/plan.h"

namespace millwright::agent {

void Pairing::Start(Candidate candidate, Nanos window, Nanos apart) {
  candidate_ = candidate;
  window_ = window;
  apart_ = apart;
  any_ = false;
  live_ = {};
}

Pairing::Said Pairing::Of(const Outcome& outcome, double took_ms) {
  const auto best = std::ranges::max_element(outcome.probabilities);
  const auto chosen = static_cast<int>(best - outcome.probabilities.begin());
  return {.step_end = outcome.step_end,
          .confidence = *best,
          .alarms = chosen != outcome.plan->manifest.healthy_class(),
          .code = outcome.plan->manifest.classes[static_cast<size_t>(chosen)].code,
          .took_ms = took_ms};
}

void Pairing::Note(Recent& recent, const Outcome& outcome, double took_ms) {
  if (!outcome.scored || outcome.probabilities.empty()) return;
  recent.said[recent.next++ % recent.said.size()] = Of(outcome, took_ms);
}

std::optional<slots::Pair> Pairing::Watched(const Outcome& outcome, double took_ms) {
  if (!outcome.scored || outcome.probabilities.empty()) return std::nullopt;
  const Said watched = Of(outcome, took_ms);
  const auto same = std::ranges::find_if(live_.said, [&](const Said& s) {
    return s.step_end != 0 && std::llabs(s.step_end - watched.step_end) <= apart_;
  });
  if (same == live_.said.end()) return std::nullopt;
  // Time that runs backwards is a clock that was set: a new beginning.
  const Nanos since = watched.step_end - last_;
  if (any_ && since >= 0 && since < window_) return std::nullopt;
  any_ = true;
  last_ = watched.step_end;
  const bool decides = candidate_ == Candidate::kDecides;
  const Said& fresh = decides ? *same : watched;
  const Said& old = decides ? watched : *same;
  return slots::Pair{.at = watched.step_end,
                     .old_confidence = old.confidence,
                     .new_confidence = fresh.confidence,
                     .old_alarms = old.alarms,
                     .new_alarms = fresh.alarms,
                     .same_class = old.code == fresh.code,
                     .latency_ms = fresh.took_ms};
}

}  // namespace millwright::agent
