#include "trainer/joined_net.h"

#include <algorithm>

namespace millwright::trainer {
namespace {

bool SameShape(const LstmNet& a, const LstmNet& b) {
  return a.steps == b.steps && a.features == b.features && a.classes == b.classes &&
         a.regression == b.regression &&
         std::ranges::equal(a.layers, b.layers, [](const LstmLayer& x, const LstmLayer& y) {
           return x.inputs == y.inputs && x.units == y.units;
         });
}

// Puts block [rows x columns] into `into`, whose rows are `width` long.
void PutBlock(std::span<const float> block, size_t columns, size_t row, size_t column, size_t width,
              std::span<float> into) {
  for (size_t r = 0; r * columns < block.size(); ++r)
    std::ranges::copy(block.subspan(r * columns, columns),
                      into.subspan((row + r) * width + column).begin());
}

// All nets read the same inputs in their first layer; above it each reads its own.
LstmLayer JoinLayer(std::span<const LstmNet> nets, size_t index) {
  const LstmLayer& one = nets.front().layers[index];
  const auto count = static_cast<int>(nets.size());
  const bool shared = index == 0;
  LstmLayer out{.inputs = shared ? one.inputs : one.inputs * count, .units = one.units * count};
  const auto inputs = static_cast<size_t>(one.inputs), units = static_cast<size_t>(one.units);
  const auto all_inputs = static_cast<size_t>(out.inputs);
  const auto all_units = static_cast<size_t>(out.units);
  for (size_t g = 0; g < model::kGates; ++g) {
    out.input_weights[g].assign(all_units * all_inputs, 0);
    out.recurrent_weights[g].assign(all_units * all_units, 0);
    for (size_t n = 0; n < nets.size(); ++n) {
      const LstmLayer& layer = nets[n].layers[index];
      PutBlock(layer.input_weights[g], inputs, n * units, shared ? 0 : n * inputs, all_inputs,
               out.input_weights[g]);
      PutBlock(layer.recurrent_weights[g], units, n * units, n * units, all_units,
               out.recurrent_weights[g]);
      out.biases[g].insert(out.biases[g].end(), layer.biases[g].begin(), layer.biases[g].end());
    }
  }
  return out;
}

}  // namespace

Result<LstmNet> JoinNets(std::span<const LstmNet> nets) {
  if (nets.empty()) return Fail(Errc::kInvalid, "trainer: no net to join");
  const LstmNet& one = nets.front();
  for (const LstmNet& net : nets)
    if (net.layers.empty() || !SameShape(one, net))
      return Fail(Errc::kInvalid, "trainer: nets of different shapes cannot be joined");
  LstmNet out{.steps = one.steps,
              .features = one.features,
              .classes = one.classes,
              .regression = one.regression};
  for (size_t i = 0; i < one.layers.size(); ++i) out.layers.push_back(JoinLayer(nets, i));

  const auto classes = static_cast<size_t>(one.classes);
  const auto units = static_cast<size_t>(one.layers.back().units);
  const auto share = 1.0F / static_cast<float>(nets.size());
  out.dense_weights.resize(classes * units * nets.size());
  out.dense_biases.resize(classes);
  for (size_t n = 0; n < nets.size(); ++n) {
    PutBlock(nets[n].dense_weights, units, 0, n * units, units * nets.size(), out.dense_weights);
    for (size_t c = 0; c < classes; ++c) out.dense_biases[c] += nets[n].dense_biases[c] * share;
  }
  for (float& w : out.dense_weights) w *= share;
  return out;
}

}  // namespace millwright::trainer
