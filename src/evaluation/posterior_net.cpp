#include "evaluation/posterior_net.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "evaluation/baselines.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace {

constexpr int kHeldShare = 6;  // one group in so many decides when the net has learned enough

// By the discriminant of the last step, on groups that it did not see.
Result<const Candidate*> Choose(const Table& train, std::span<const int> groups, int classes,
                                uint64_t seed, const PosteriorNetOptions& options) {
  Samples index;
  index.groups.assign(groups.begin(), groups.end());
  index.first.resize(groups.size());
  const auto folds = DealGroups(index, options.choice_folds, seed);
  const auto k = static_cast<size_t>(classes);
  const Candidate* best = &options.candidates.front();
  int most = -1;
  for (const Candidate& candidate : options.candidates) {
    if (options.candidates.size() == 1) break;
    std::vector<size_t> seen;  // at the end
    for (size_t c = 0; c < candidate.columns.size(); ++c)
      if (candidate.steps.Sees(candidate.steps.steps - 1, c)) seen.push_back(candidate.columns[c]);
    const Table table = PickColumns(train, seen);
    int right = 0;
    for (const auto& fold : folds) {
      const Table held = PickRows(table, InGroups(index, fold));
      MW_TRY(const auto scores,
             Lda(PickRows(table, NotInGroups(index, fold)), held, classes, candidate.shrinkage));
      for (size_t i = 0; i < held.size(); ++i)
        right += trainer::ArgMax(std::span(scores).subspan(i * k, k)) == held.labels[i] ? 1 : 0;
    }
    if (right <= most) continue;
    most = right;
    best = &candidate;
  }
  return best;
}

}  // namespace

void PermuteClasses(Permuted& all, size_t steps, int classes, int copies, uint64_t seed) {
  const size_t n = all.labels.size(), k = static_cast<size_t>(classes), width = steps * k;
  std::mt19937_64 random(seed);
  std::vector<size_t> order(k);
  std::iota(order.begin(), order.end(), size_t{0});
  for (int copy = 0; copy < copies; ++copy)
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = k; j > 1; --j) std::swap(order[j - 1], order[random() % j]);
      for (size_t s = 0; s < steps; ++s)
        for (size_t j = 0; j < k; ++j)
          all.scores.push_back(all.scores[i * width + s * k + order[j]]);
      const auto at = std::ranges::find(order, static_cast<size_t>(all.labels[i]));
      all.labels.push_back(static_cast<int>(at - order.begin()));
      all.groups.push_back(all.groups[i]);
    }
}

Result<PosteriorNet> FitPosteriorNet(const Table& train, std::vector<int> groups, const Table& test,
                                     int classes, uint64_t seed, const PosteriorNetOptions& options,
                                     const trainer::Learner& learner) {
  MW_TRY(const Candidate* chosen, Choose(train, groups, classes, seed, options));
  const Table mine = PickColumns(train, chosen->columns);
  const Table theirs = PickColumns(test, chosen->columns);
  const int steps = chosen->steps.steps;
  MW_TRY(std::vector<float> crossed, CrossFitSteps(mine, groups, chosen->steps, classes,
                                                   chosen->shrinkage, options.inner_folds, seed));
  MW_TRY(const Projection projection,
         Projection::Learn(mine, chosen->steps, classes, chosen->shrinkage));
  const Posteriors posteriors = Posteriors::Learn(crossed, train.labels, steps, classes);
  posteriors.Apply(crossed);
  std::vector<float> unseen = projection.Steps(theirs);
  posteriors.Apply(unseen);
  Permuted all{std::move(crossed), train.labels, std::move(groups)};
  PermuteClasses(all, static_cast<size_t>(steps), classes, options.copies, seed);
  Samples learn = MakeSamples(std::move(all.scores), steps, classes, classes, all.labels);
  learn.groups = std::move(all.groups);
  const auto held = DealGroups(learn, kHeldShare, seed).front();
  FitOptions fit = options.fit;
  fit.learn.seed = seed * 100;
  PosteriorNet out{.chosen = chosen->name};
  MW_TRY(out.fitted, FitInt8(learn.Pick(NotInGroups(learn, held)),
                             learn.Pick(InGroups(learn, held)), fit, learner, {}));
  MW_TRY(out.probabilities, Predict(out.fitted.tflite, MakeSamples(std::move(unseen), steps,
                                                                   classes, classes, test.labels)));
  return out;
}

}  // namespace millwright::evaluation
