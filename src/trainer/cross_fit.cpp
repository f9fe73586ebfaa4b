#include "trainer/cross_fit.h"

#include <algorithm>
#include <map>

#include "trainer/joined_net.h"

namespace millwright::trainer {
namespace {

struct Sides {
  std::vector<Series> train{}, held{};
};

Sides Part(std::span<const Series> series, const Folds& folds, int fold) {
  Sides sides;
  for (size_t i = 0; i < series.size(); ++i)
    (folds.of[i] == fold ? sides.held : sides.train).push_back(series[i]);
  return sides;
}

void AppendLogits(const LstmNet& net, const WindowSet& set, std::vector<float>& logits) {
  LstmRunner runner(net);
  const auto features = static_cast<size_t>(net.features);
  const auto classes = static_cast<size_t>(net.classes);
  for (const uint32_t first : set.first) {
    logits.resize(logits.size() + classes);
    runner.Run(
        set.rows.subspan(size_t{first} * features, static_cast<size_t>(net.steps) * features),
        std::span(logits).last(classes));
  }
}

}  // namespace

Folds DealFolds(std::span<const Series> series, int folds) {
  Folds out{.of = std::vector<int>(series.size(), -1)};
  std::map<std::string, int> assets;
  for (const Series& s : series)
    if (std::ranges::any_of(s.labels, [](int label) { return label > 0; })) assets[s.asset] = -1;
  out.count = std::min(folds, static_cast<int>(assets.size()));
  // Dealt by name: runs of one experiment have names alike, and spread over all folds.
  int next = 0;
  for (auto& [asset, fold] : assets) fold = next++ % out.count;
  for (size_t i = 0; i < series.size(); ++i)
    if (const auto it = assets.find(series[i].asset); it != assets.end()) out.of[i] = it->second;
  return out;
}

Result<CrossFitted> CrossFit(std::span<const Series> series, const Folds& folds,
                             const LearnOptions& options, Nanos step, float input_scale,
                             size_t windows_max, const Learner& learner,
                             const std::function<void(const Progress&)>& progress) {
  CrossFitted out;
  std::vector<LstmNet> nets;
  for (int fold = 0; fold < folds.count; ++fold) {
    Sides sides = Part(series, folds, fold);
    Windows train = MakeWindows(sides.train, options.steps, step, input_scale);
    const Windows held = MakeWindows(sides.held, options.steps, step, input_scale);
    Thin(train, windows_max);
    LearnOptions o = options;
    o.seed = options.seed * 1000 + static_cast<uint64_t>(fold);
    o.class_weights = ClassWeights(train.set.labels, o.classes, 1);
    const auto tell = [&](const Progress& p) {
      Progress all = p;
      all.epoch += fold * o.epochs;
      all.epochs = folds.count * o.epochs;
      progress(all);
    };
    MW_TRY(Learned learned, learner(train.set, held.set, o, tell));
    const Windows whole = MakeWindows(sides.held, options.steps, step, input_scale, true);
    AppendLogits(learned.net, whole.set, out.logits);
    nets.push_back(std::move(learned.net));
    for (Series& s : sides.held) out.held.push_back(std::move(s));
    if (fold > 0) continue;
    out.history = std::move(learned.history);
    out.best_epoch = learned.best_epoch;
  }
  MW_TRY(out.net, JoinNets(nets));
  return out;
}

}  // namespace millwright::trainer
