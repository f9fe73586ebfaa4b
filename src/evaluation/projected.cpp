#include "evaluation/projected.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/check.h"
#include "evaluation/samples.h"
#include "trainer/lstm_net.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace {}  // namespace

Table PickRows(const Table& table, std::span<const size_t> rows) {
  Table out{.columns = table.columns};
  out.values.reserve(rows.size() * table.columns);
  for (const size_t i : rows) {
    out.values.insert(out.values.end(), table.Row(i).begin(), table.Row(i).end());
    if (!table.labels.empty()) out.labels.push_back(table.labels[i]);
    if (!table.targets.empty()) out.targets.push_back(table.targets[i]);
  }
  return out;
}

Table PickColumns(const Table& table, std::span<const size_t> columns) {
  Table out{.columns = columns.size(), .labels = table.labels, .targets = table.targets};
  out.values.reserve(table.size() * columns.size());
  for (size_t i = 0; i < table.size(); ++i)
    for (const size_t c : columns) out.values.push_back(table.Row(i)[c]);
  return out;
}

Result<Projection> Projection::Learn(const Table& table, const StepColumns& columns, int classes,
                                     double shrinkage) {
  MW_CHECK(columns.step_of.size() == table.columns);
  Projection out;
  out.classes_ = classes;
  std::vector<int> dense(static_cast<size_t>(classes), -1);
  for (const int label : table.labels)
    if (label >= 0) dense[static_cast<size_t>(label)] = 0;
  for (size_t c = 0; c < dense.size(); ++c) {
    if (dense[c] < 0) continue;
    dense[c] = static_cast<int>(out.back_.size());
    out.back_.push_back(static_cast<int>(c));
  }
  const size_t k = out.back_.size();
  for (int step = 0; step < columns.steps; ++step) {
    Map& one = out.maps_.emplace_back();
    for (size_t c = 0; c < table.columns; ++c)
      if (columns.Sees(step, c)) one.columns.push_back(c);
    Table mine = PickColumns(table, one.columns);
    for (int& label : mine.labels) label = label < 0 ? -1 : dense[static_cast<size_t>(label)];
    one.scaler = LearnScaler(mine);
    one.scaler.Apply(mine);
    MW_TRY(one.map, LearnLda(mine, static_cast<int>(k), shrinkage));
    const std::vector<float> scores = Scores(one.map, mine);
    std::vector<double> distances;
    for (size_t i = 0; i < mine.size(); ++i) {
      const auto [low, high] = std::ranges::minmax(std::span(scores).subspan(i * k, k));
      distances.push_back(static_cast<double>(high - low));
    }
    const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::ranges::nth_element(distances, middle);
    one.spread = std::max(1e-9, *middle / 8);
  }
  return out;
}

std::vector<float> Projection::Steps(const Table& table) const {
  const auto classes = static_cast<size_t>(classes_);
  const size_t k = back_.size(), steps = maps_.size();
  std::vector<float> out(table.size() * steps * classes);
  for (size_t s = 0; s < steps; ++s) {
    Table mine = PickColumns(table, maps_[s].columns);
    maps_[s].scaler.Apply(mine);
    const std::vector<float> scores = Scores(maps_[s].map, mine);
    for (size_t i = 0; i < mine.size(); ++i) {
      double mean = 0;
      for (size_t j = 0; j < k; ++j)
        mean += static_cast<double>(scores[i * k + j]) / static_cast<double>(k);
      for (size_t j = 0; j < k; ++j)
        out[(i * steps + s) * classes + static_cast<size_t>(back_[j])] =
            static_cast<float>((static_cast<double>(scores[i * k + j]) - mean) / maps_[s].spread);
    }
  }
  return out;
}

Result<std::vector<float>> CrossFitSteps(const Table& table, std::span<const int> groups,
                                         const StepColumns& columns, int classes, double shrinkage,
                                         int folds, uint64_t seed) {
  Samples index;  // only its groups are asked
  index.groups.assign(groups.begin(), groups.end());
  index.first.resize(groups.size());
  const size_t width = static_cast<size_t>(columns.steps) * static_cast<size_t>(classes);
  std::vector<float> out(table.size() * width);
  for (const auto& fold : DealGroups(index, folds, seed)) {
    const auto held = InGroups(index, fold), rest = NotInGroups(index, fold);
    MW_TRY(const Projection projection,
           Projection::Learn(PickRows(table, rest), columns, classes, shrinkage));
    const std::vector<float> steps = projection.Steps(PickRows(table, held));
    for (size_t i = 0; i < held.size(); ++i)
      std::copy_n(steps.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  out.begin() + static_cast<std::ptrdiff_t>(held[i] * width));
  }
  return out;
}

// Surer than they should be: the INT8 input has steps of a hundredth, and of two classes that are
// nearly as likely the likelier one must not be lost in it. The net's own temperature is fitted
// after.
constexpr double kSharper = 0.4;

Posteriors Posteriors::Learn(std::span<const float> scores, std::span<const int> labels, int steps,
                             int classes) {
  Posteriors out;
  out.classes_ = static_cast<size_t>(classes);
  const auto n_steps = static_cast<size_t>(steps);
  for (size_t s = 0; s < n_steps; ++s) {
    std::vector<float> logits;
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto one = scores.subspan((i * n_steps + s) * out.classes_, out.classes_);
      logits.insert(logits.end(), one.begin(), one.end());
    }
    out.temperatures_.push_back(kSharper * trainer::FitTemperature(logits, labels, classes));
  }
  return out;
}

void Posteriors::Apply(std::vector<float>& scores) const {
  constexpr float kSpan = 4;  // inputs lie within -2..2
  std::vector<float> p(classes_);
  const size_t windows = scores.size() / classes_;
  for (size_t i = 0; i < windows; ++i) {
    const auto one = std::span(scores).subspan(i * classes_, classes_);
    trainer::Softmax(one, temperatures_[i % temperatures_.size()], p);
    std::ranges::transform(p, one.begin(), [](float v) { return kSpan * (v - 0.5F); });
  }
}

}  // namespace millwright::evaluation
