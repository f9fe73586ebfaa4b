#include "evaluation/samples.h"

#include <algorithm>
#include <random>
#include <set>

#include "core/check.h"

namespace millwright::evaluation {
namespace {

template <typename T>
std::vector<T> PickFrom(const std::vector<T>& all, std::span<const size_t> indices) {
  std::vector<T> out;
  if (all.empty()) return out;
  out.reserve(indices.size());
  for (const size_t i : indices) out.push_back(all[i]);
  return out;
}

std::vector<size_t> ByGroup(const Samples& samples, std::span<const int> groups, bool inside) {
  MW_CHECK(samples.groups.size() == samples.size());
  const std::set<int> wanted(groups.begin(), groups.end());
  std::vector<size_t> out;
  for (size_t i = 0; i < samples.size(); ++i)
    if (wanted.contains(samples.groups[i]) == inside) out.push_back(i);
  return out;
}

}  // namespace

Samples Samples::Pick(std::span<const size_t> indices) const {
  return {.steps = steps,
          .features = features,
          .classes = classes,
          .rows = rows,
          .first = PickFrom(first, indices),
          .labels = PickFrom(labels, indices),
          .targets = PickFrom(targets, indices),
          .groups = PickFrom(groups, indices),
          .places = PickFrom(places, indices)};
}

Samples MakeSamples(std::vector<float> values, int steps, int features, int classes,
                    std::vector<int> labels) {
  MW_CHECK(values.size() ==
           labels.size() * static_cast<size_t>(steps) * static_cast<size_t>(features));
  Samples out{.steps = steps, .features = features, .classes = classes};
  for (size_t i = 0; i < labels.size(); ++i)
    out.first.push_back(static_cast<uint32_t>(i * static_cast<size_t>(steps)));
  out.rows = std::make_shared<const std::vector<float>>(std::move(values));
  out.labels = std::move(labels);
  return out;
}

std::vector<size_t> InGroups(const Samples& samples, std::span<const int> groups) {
  return ByGroup(samples, groups, true);
}

std::vector<size_t> NotInGroups(const Samples& samples, std::span<const int> groups) {
  return ByGroup(samples, groups, false);
}

std::vector<std::vector<int>> DealGroups(const Samples& samples, int folds, uint64_t seed) {
  const std::set<int> distinct(samples.groups.begin(), samples.groups.end());
  std::vector<int> order(distinct.begin(), distinct.end());
  std::mt19937_64 random(seed);
  // std::shuffle differs between libraries; this one is fixed.
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  std::vector<std::vector<int>> out(std::min(static_cast<size_t>(folds), order.size()));
  for (size_t i = 0; i < order.size(); ++i) out[i % out.size()].push_back(order[i]);
  return out;
}

}  // namespace millwright::evaluation
