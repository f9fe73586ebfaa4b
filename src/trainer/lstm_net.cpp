#include "trainer/lstm_net.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/check.h"

namespace millwright::trainer {
namespace {

float Sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

// Several sums side by side, in a fixed order: one sum alone waits for each addition.
float Dot(std::span<const float> a, std::span<const float> b) {
  constexpr size_t kSums = 16;
  std::array<float, kSums> sums{};
  size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums)
    for (size_t k = 0; k < kSums; ++k) sums[k] += a[i + k] * b[i + k];
  float sum = 0;
  for (; i < a.size(); ++i) sum += a[i] * b[i];
  for (const float part : sums) sum += part;
  return sum;
}

}  // namespace

LstmRunner::LstmRunner(const LstmNet& net) : net_(net) {}

void LstmRunner::Layer(size_t index, Range* hidden, Range* cell) {
  const LstmLayer& l = net_.layers[index];
  const auto inputs = static_cast<size_t>(l.inputs);
  const auto units = static_cast<size_t>(l.units);
  const auto steps = static_cast<size_t>(net_.steps);
  out_.assign(steps * units, 0);
  cell_.assign(units, 0);
  gates_.resize(model::kGates * units);
  const std::vector<float> zeros(units);
  for (size_t t = 0; t < steps; ++t) {
    const std::span<const float> x(in_.data() + t * inputs, inputs);
    const std::span<const float> h =
        t == 0 ? std::span<const float>(zeros)
               : std::span<const float>(out_.data() + (t - 1) * units, units);
    for (size_t g = 0; g < model::kGates; ++g)
      for (size_t u = 0; u < units; ++u)
        gates_[g * units + u] = l.biases[g][u] +
                                Dot(x, std::span(l.input_weights[g]).subspan(u * inputs, inputs)) +
                                Dot(h, std::span(l.recurrent_weights[g]).subspan(u * units, units));
    for (size_t u = 0; u < units; ++u) {
      cell_[u] = Sigmoid(gates_[units + u]) * cell_[u] +
                 Sigmoid(gates_[u]) * std::tanh(gates_[2 * units + u]);
      const float out = Sigmoid(gates_[3 * units + u]) * std::tanh(cell_[u]);
      out_[t * units + u] = out;
      if (hidden != nullptr) hidden->Take(out);
      if (cell != nullptr) cell->Take(cell_[u]);
    }
  }
}

void LstmRunner::Run(std::span<const float> window, std::span<float> logits, Ranges* ranges) {
  MW_CHECK(window.size() == static_cast<size_t>(net_.steps) * static_cast<size_t>(net_.features));
  MW_CHECK(logits.size() == static_cast<size_t>(net_.classes));
  if (ranges != nullptr) {
    ranges->hidden.resize(net_.layers.size());
    ranges->cell.resize(net_.layers.size());
  }
  in_.assign(window.begin(), window.end());
  for (size_t i = 0; i < net_.layers.size(); ++i) {
    Layer(i, ranges != nullptr ? &ranges->hidden[i] : nullptr,
          ranges != nullptr ? &ranges->cell[i] : nullptr);
    std::swap(in_, out_);
  }
  const auto units = static_cast<size_t>(net_.layers.back().units);
  const std::span<const float> last(in_.data() + in_.size() - units, units);
  for (size_t c = 0; c < logits.size(); ++c) {
    logits[c] =
        net_.dense_biases[c] + Dot(last, std::span(net_.dense_weights).subspan(c * units, units));
    if (ranges != nullptr) ranges->logits.Take(logits[c]);
  }
}

void Softmax(std::span<const float> logits, double temperature, std::span<float> probabilities) {
  const float peak = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (size_t c = 0; c < logits.size(); ++c) {
    const double e = std::exp(static_cast<double>(logits[c] - peak) / temperature);
    probabilities[c] = static_cast<float>(e);
    sum += e;
  }
  for (float& p : probabilities) p = static_cast<float>(static_cast<double>(p) / sum);
}

}  // namespace millwright::trainer
