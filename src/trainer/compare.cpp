#include "trainer/compare.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "trainer/evaluate.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

// A model's alarms on each run as if a gateway had published them.
Decisions DecisionsOf(const Evaluation& evaluation) {
  Decisions decisions;
  for (const ScoredRun& run : evaluation.runs)
    for (size_t i = 0; i < run.ts.size(); ++i)
      decisions[run.id].push_back(
          {.step_end = run.ts[i], .alarm = run.levels[i] != model::Level::kNone});
  return decisions;
}

// What was decided last before `first` is what is said at `first`.
void StartAt(std::vector<CollectedDecision>& decisions, Nanos first) {
  const auto from = std::ranges::upper_bound(decisions, first, {}, &CollectedDecision::step_end);
  const bool alarm = from != decisions.begin() && std::prev(from)->alarm;
  decisions.erase(decisions.begin(), from);
  decisions.insert(decisions.begin(), {.step_end = first, .alarm = alarm});
}

}  // namespace

double BalancedError(const Detection& detection) {
  if (detection.anomalous_moments == 0) return detection.far;
  if (detection.healthy_moments == 0) return detection.mar;
  return (detection.far + detection.mar) / 2;
}

Result<Comparison> CompareDecisions(std::span<const RecordingInfo> runs, const JudgedRows& rows,
                                    Decisions live, Decisions candidate) {
  for (const RecordingInfo& info : runs) {
    auto& a = live[info.id];
    auto& b = candidate[info.id];
    if (a.empty() || b.empty())
      return Fail(Errc::kInvalid, "compare: run \"" + info.id + "\" is too short for a decision");
    const Nanos first = std::max(a.front().step_end, b.front().step_end);
    StartAt(a, first);
    StartAt(b, first);
  }
  const auto score = [&rows](std::span<const RecordingInfo> of, const Decisions& decisions) {
    return ScoreDecisions(of, rows.schema, rows.commissioning, decisions, rows.hold);
  };
  Comparison out;
  MW_TRY(out.live, score(runs, live));
  MW_TRY(out.candidate, score(runs, candidate));
  for (const RecordingInfo& info : runs) {
    MW_TRY(const Scores before, score({&info, 1}, live));
    MW_TRY(const Scores after, score({&info, 1}, candidate));
    if (before.runs == 0) continue;  // left out for all methods; the notes say why
    out.runs_better += BalancedError(after.model) < BalancedError(before.model) ? 1 : 0;
    out.runs_worse += BalancedError(after.model) > BalancedError(before.model) ? 1 : 0;
  }
  return out;
}

Result<Comparison> CompareBundles(const model::Bundle& live, const model::Bundle& candidate,
                                  std::span<const RecordingInfo> runs) {
  MW_TRY(const Evaluation a, EvaluateBundle(live, runs));
  MW_TRY(const Evaluation b, EvaluateBundle(candidate, runs));
  const Nanos step = std::max(live.manifest.schema.step, candidate.manifest.schema.step);
  const JudgedRows rows{.schema = live.manifest.schema,
                        .commissioning = std::max(live.manifest.standardiser.commissioning,
                                                  candidate.manifest.standardiser.commissioning),
                        .hold = std::max(3 * step, 10 * kSecond)};
  return CompareDecisions(runs, rows, DecisionsOf(a), DecisionsOf(b));
}

}  // namespace millwright::trainer
