#include "trainer/replay.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <set>

namespace millwright::trainer {

std::vector<ScoredRun> SplitByRun(std::span<const Series> series, const Windows& windows,
                                  std::span<const float> probabilities, size_t classes) {
  std::vector<ScoredRun> runs(series.size());
  for (size_t s = 0; s < series.size(); ++s) runs[s].id = series[s].id;
  for (size_t i = 0; i < windows.places.size(); ++i) {
    const WindowPlace place = windows.places[i];
    ScoredRun& run = runs[place.series];
    run.ts.push_back(series[place.series].end_ns[place.last]);
    run.labels.push_back(windows.set.labels[i]);
    const auto p = probabilities.subspan(i * classes, classes);
    run.probabilities.insert(run.probabilities.end(), p.begin(), p.end());
  }
  std::erase_if(runs, [](const ScoredRun& run) { return run.ts.empty(); });
  return runs;
}

Result<void> ApplyRule(std::vector<ScoredRun>& runs, const model::DecisionLimits& limits,
                       int classes, Nanos step) {
  const auto width = static_cast<size_t>(classes);
  for (ScoredRun& run : runs) {
    MW_TRY(model::DecisionRule rule, model::DecisionRule::Make(limits, classes, 0));
    run.levels.clear();
    run.faults.clear();
    for (size_t i = 0; i < run.ts.size(); ++i) {
      if (i > 0 && run.ts[i] - run.ts[i - 1] > step) rule.Reset();
      const model::Verdict verdict =
          rule.Push(std::span(run.probabilities).subspan(i * width, width));
      run.levels.push_back(verdict.level);
      run.faults.push_back(verdict.fault);
    }
  }
  return {};
}

Detection MeasureRuns(std::span<const ScoredRun> runs) {
  std::vector<Verdicts> verdicts;
  for (const ScoredRun& run : runs) {
    Verdicts v{.run = run.id};
    for (size_t i = 0; i < run.ts.size(); ++i)
      v.moments.push_back({.ts = run.ts[i],
                           .truth = run.labels[i] == kNeutral ? Truth::kNeutral
                                    : run.labels[i] == 0      ? Truth::kHealthy
                                                              : Truth::kAnomaly,
                           .alarm = run.levels[i] != model::Level::kNone});
    verdicts.push_back(std::move(v));
  }
  return MeasureDetection(verdicts);
}

model::DecisionLimits EvenLimits() {
  return {.watch_from = 0.5,
          .warning_from = 0.7,
          .act_from = 0.9,
          .persistence = 1,
          .of = 1,
          .clear_below = 0.5,
          .clear_after = 1};
}

Result<model::DecisionLimits> TuneLimits(std::vector<ScoredRun> runs,
                                         const model::DecisionLimits& base, int classes,
                                         Nanos step) {
  struct Persistence {
    int persistence, of, clear_after;
  };
  constexpr std::array kPersistence = {Persistence{1, 1, 1}, Persistence{2, 3, 2},
                                       Persistence{3, 5, 3}, Persistence{4, 6, 5},
                                       Persistence{6, 10, 8}};
  constexpr std::array kFrom = {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
  model::DecisionLimits best = base;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const Persistence& p : kPersistence) {
    for (const double from : kFrom) {
      model::DecisionLimits limits{.watch_from = from,
                                   .warning_from = std::max(base.warning_from, from),
                                   .act_from = std::max({base.act_from, base.warning_from, from}),
                                   .persistence = p.persistence,
                                   .of = p.of,
                                   .clear_below = from,
                                   .clear_after = p.clear_after};
      MW_TRY(ApplyRule(runs, limits, classes, step));
      const Detection d = MeasureRuns(runs);
      if (d.far + d.mar < best_cost) {
        best_cost = d.far + d.mar;
        best = limits;
      }
    }
  }
  return best;
}

std::vector<ScoredRun> PickExamples(std::vector<ScoredRun> runs, size_t limit) {
  std::set<int> shown;
  std::vector<ScoredRun> first, others;
  for (ScoredRun& run : runs) {
    const int label = run.labels.empty() ? 0 : *std::ranges::max_element(run.labels);
    (shown.insert(label).second ? first : others).push_back(std::move(run));
  }
  std::ranges::move(others, std::back_inserter(first));
  if (first.size() > limit) first.resize(limit);
  return first;
}

}  // namespace millwright::trainer
