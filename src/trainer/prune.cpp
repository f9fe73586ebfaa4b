#include "trainer/prune.h"

#include <algorithm>
#include <numeric>

namespace millwright::trainer {
namespace {

// Squares of column `column` of a matrix with `columns` columns.
double Loudness(const std::vector<float>& matrix, size_t columns, size_t column) {
  double sum = 0;
  for (size_t i = column; i < matrix.size(); i += columns)
    sum += static_cast<double>(matrix[i]) * static_cast<double>(matrix[i]);
  return sum;
}

double Total(const std::vector<float>& matrix) {
  double sum = 1e-30;
  for (const float w : matrix) sum += static_cast<double>(w) * static_cast<double>(w);
  return sum;
}

std::vector<size_t> Loudest(const LstmNet& net, size_t index, size_t keep) {
  const LstmLayer& layer = net.layers[index];
  const auto units = static_cast<size_t>(layer.units);
  std::vector<double> loud(units);
  const auto add = [&](const std::vector<float>& matrix) {
    const double total = Total(matrix);
    for (size_t u = 0; u < units; ++u) loud[u] += Loudness(matrix, units, u) / total;
  };
  const bool last = index + 1 == net.layers.size();
  for (size_t g = 0; g < model::kGates; ++g) {
    add(layer.recurrent_weights[g]);
    if (!last) add(net.layers[index + 1].input_weights[g]);
  }
  // Decides over the classes: weighs as much as all gates together.
  for (size_t g = 0; last && g < model::kGates; ++g) add(net.dense_weights);
  std::vector<size_t> order(units);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>{}, [&](size_t u) { return loud[u]; });
  order.resize(std::min(keep, units));
  std::ranges::sort(order);
  return order;
}

// The named rows, and of each the named columns; an empty list means all.
std::vector<float> Part(const std::vector<float>& matrix, size_t columns,
                        const std::vector<size_t>& rows, const std::vector<size_t>& kept) {
  std::vector<float> out;
  for (const size_t r : rows) {
    const float* row = matrix.data() + r * columns;
    if (kept.empty())
      out.insert(out.end(), row, row + columns);
    else
      for (const size_t c : kept) out.push_back(row[c]);
  }
  return out;
}

}  // namespace

LstmNet PruneUnits(const LstmNet& net, int units) {
  LstmNet out = net;
  std::vector<size_t> before;  // units of the layer below that are left; empty: its inputs, all
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const LstmLayer& layer = net.layers[i];
    const auto inputs = static_cast<size_t>(layer.inputs), all = static_cast<size_t>(layer.units);
    const std::vector<size_t> kept = Loudest(net, i, static_cast<size_t>(units));
    LstmLayer& small = out.layers[i];
    small.units = static_cast<int>(kept.size());
    if (!before.empty()) small.inputs = static_cast<int>(before.size());
    for (size_t g = 0; g < model::kGates; ++g) {
      small.input_weights[g] = Part(layer.input_weights[g], inputs, kept, before);
      small.recurrent_weights[g] = Part(layer.recurrent_weights[g], all, kept, kept);
      small.biases[g] = Part(layer.biases[g], 1, kept, {});
    }
    before = kept;
  }
  std::vector<size_t> classes(static_cast<size_t>(net.classes));
  std::iota(classes.begin(), classes.end(), size_t{0});
  out.dense_weights =
      Part(net.dense_weights, static_cast<size_t>(net.layers.back().units), classes, before);
  return out;
}

}  // namespace millwright::trainer
