// Few runs, each too valuable to be only held out: the runs are dealt into folds, one net is
// learned without each fold, the nets are joined, and every run is judged by the net that never saw
// it.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/result.h"
#include "trainer/learner.h"
#include "trainer/series.h"
#include "trainer/windows.h"

namespace millwright::trainer {

/// Fold of each series. Series of one asset share a fold; those without any anomaly are in none
/// (-1) and teach every net. Fewer folds than asked for where there are fewer assets with faults.
struct Folds {
  int count = 0;
  std::vector<int> of{};
};
[[nodiscard]] Folds DealFolds(std::span<const Series> series, int folds);

struct CrossFitted {
  LstmNet net{};                // all nets, joined
  std::vector<Series> held{};   // the series that are in a fold, fold by fold
  std::vector<float> logits{};  // of each of their windows (made with_neutral), from the net that
                                // was learned without it: [n x classes]
  std::vector<EpochRecord> history{};  // of the first net
  int best_epoch = 0;
};

/// `options` as for one net; class weights are those of each net's own windows. At most
/// `windows_max` windows teach a net.
[[nodiscard]] Result<CrossFitted> CrossFit(std::span<const Series> series, const Folds& folds,
                                           const LearnOptions& options, Nanos step,
                                           float input_scale, size_t windows_max,
                                           const Learner& learner,
                                           const std::function<void(const Progress&)>& progress);

}  // namespace millwright::trainer
