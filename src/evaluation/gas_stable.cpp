#include "evaluation/gas_stable.h"

#include <algorithm>

#include "core/check.h"
#include "evaluation/novelty.h"

namespace millwright::evaluation {
namespace {

constexpr double kNoise = 0.05;  // of a column's deviation

}  // namespace

StableRows::StableRows(const Table& like, uint64_t seed) : like_(like), random_(seed) {
  for (size_t i = 0; i < like.size(); ++i) {
    if (like.labels[i] < 0) continue;
    const auto label = static_cast<size_t>(like.labels[i]);
    if (classes_.size() <= label) classes_.resize(label + 1);
    classes_[label].push_back(i);
    rows_.push_back(i);
  }
  MW_CHECK(!rows_.empty());
  for (const double deviation : LearnScaler(like).deviation)
    noise_.push_back(static_cast<float>(kNoise * deviation));
  row_.resize(like.columns);
}

std::span<const float> StableRows::Next() {
  const size_t a = rows_[random_() % rows_.size()];
  const auto& fellows = classes_[static_cast<size_t>(like_.labels[a])];
  const size_t b = fellows[random_() % fellows.size()];
  const float share = std::uniform_real_distribution<float>(0, 1)(random_);
  const auto from = like_.Row(a), to = like_.Row(b);
  for (size_t c = 0; c < row_.size(); ++c)
    row_[c] = from[c] + share * (to[c] - from[c]) + noise_[c] * normal_(random_);
  return row_;
}

Result<int> FlagsOnStableRows(const Table& like, size_t rows, uint64_t seed) {
  StableRows stream(like, seed);
  Table reference{.columns = like.columns};
  for (size_t i = 0; i < like.size(); ++i) {
    const auto row = stream.Next();
    reference.values.insert(reference.values.end(), row.begin(), row.end());
  }
  MW_TRY(NoveltyDrift detector, NoveltyDrift::Learn(reference));
  int flags = 0;
  for (size_t i = 0; i < rows; ++i) flags += detector.Push(stream.Next()) ? 1 : 0;
  return flags;
}

}  // namespace millwright::evaluation
