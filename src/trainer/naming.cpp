#include "trainer/naming.h"

#include <array>
#include <vector>

namespace millwright::trainer {
namespace {

constexpr double kKept = 0.95;      // of the right names
constexpr double kRightFrom = 0.9;  // of the names
constexpr double kNamedFrom = 0.3;  // of the moments: a name that hardly ever comes is of no use

// Sums over events of the shares of their alarmed moments that are named, and named rightly.
struct Tally {
  double events = 0, named = 0, right = 0;

  void Take(const ScoredRun& run, size_t from, size_t to) {
    double alarmed = 0, with_name = 0, with_right = 0;
    for (size_t i = from; i < to; ++i) {
      if (run.levels[i] == model::Level::kNone) continue;
      alarmed += 1;
      with_name += run.faults[i] >= 0 ? 1 : 0;
      with_right += run.faults[i] == run.labels[i] ? 1 : 0;
    }
    if (alarmed == 0) return;
    events += 1;
    named += with_name / alarmed;
    right += with_right / alarmed;
  }
};

Tally Count(std::span<const ScoredRun> runs) {
  Tally tally;
  for (const ScoredRun& run : runs)
    for (size_t i = 0; i < run.labels.size();) {
      size_t end = i;
      while (end < run.labels.size() && run.labels[end] == run.labels[i]) ++end;
      if (run.labels[i] > 0) tally.Take(run, i, end);
      i = end;
    }
  return tally;
}

}  // namespace

Result<Naming> ChooseNaming(std::span<const ScoredRun> runs, const model::DecisionLimits& limits,
                            int classes, Nanos step, std::optional<double> fixed) {
  constexpr std::array kTried = {0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
  Naming best{.name_from = fixed.value_or(0)};
  if (classes < 3) return best;
  std::vector<ScoredRun> played(runs.begin(), runs.end());
  const auto measure = [&](double from) -> Result<Naming> {
    model::DecisionLimits tried = limits;
    tried.name_from = from;
    MW_TRY(ApplyRule(played, tried, classes, step));
    const Tally t = Count(played);
    return Naming{.name_from = from, .named = t.named / t.events, .right = t.right / t.named};
  };
  MW_TRY(const Naming always, measure(0));
  if (fixed) {
    MW_TRY(best, measure(*fixed));
  } else {
    best = always;
    for (const double from : kTried) {
      MW_TRY(const Naming one, measure(from));
      const bool cheap = one.named * one.right >= kKept * always.named * always.right;
      const bool needed = best.right < kRightFrom && one.right > best.right;
      if (one.named >= kNamedFrom && (cheap || needed)) best = one;
    }
  }
  best.right_always = always.right;
  return best;
}

}  // namespace millwright::trainer
