// Small nets and windows for this room's tests, and the golden files.
#pragma once

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "importer/net.h"
#include "importer/windows.h"

namespace millwright::importer {

inline std::vector<float> Draw(size_t count, float spread, std::mt19937& random) {
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> out(count);
  for (float& x : out) x = normal(random);
  return out;
}

inline Lstm RandomLstm(int inputs, int units, std::mt19937& random) {
  Lstm l{.inputs = inputs, .units = units};
  const auto i = static_cast<size_t>(inputs), u = static_cast<size_t>(units);
  for (size_t g = 0; g < model::kGates; ++g) {
    l.input_weights[g] = Draw(u * i, 0.6F, random);
    l.recurrent_weights[g] = Draw(u * u, 0.3F, random);
    l.biases[g] = Draw(u, 0.2F, random);
  }
  return l;
}

inline Dense RandomDense(int inputs, int outputs, std::mt19937& random) {
  const auto i = static_cast<size_t>(inputs), o = static_cast<size_t>(outputs);
  return {inputs, outputs, Draw(i * o, 1.2F, random), Draw(o, 0.2F, random)};
}

inline Conv1d RandomConv(int inputs, int outputs, int kernel, std::mt19937& random) {
  Conv1d c{.inputs = inputs, .outputs = outputs, .kernel = kernel};
  const auto i = static_cast<size_t>(inputs), o = static_cast<size_t>(outputs);
  c.weights = Draw(i * o * static_cast<size_t>(kernel), 0.5F, random);
  c.biases = Draw(o, 0.2F, random);
  return c;
}

/// 10 steps x 3 features: conv 4 (padded), relu, max pool 2, LSTM 6, last step, dense 3.
inline Net ConvLstmNet(std::mt19937& random) {
  Net net{.steps = 10, .features = 3};
  Conv1d conv = RandomConv(3, 4, 3, random);
  conv.pad_before = conv.pad_after = 1;
  net.layers = {{"conv", "Conv1D", conv},           {"conv", "Conv1D", Activate{Function::kRelu}},
                {"pool", "MaxPooling1D", Pool1d{}}, {"lstm", "LSTM", RandomLstm(4, 6, random)},
                {"lstm", "LSTM", LastStep{}},       {"out", "Dense", RandomDense(6, 3, random)}};
  return net;
}

inline Affine RandomAffine(int width, std::mt19937& random) {
  Affine a{Draw(static_cast<size_t>(width), 0.4F, random),
           Draw(static_cast<size_t>(width), 0.5F, random)};
  for (float& g : a.gain) g = 1 + 0.5F * g;
  return a;
}

inline Windows RandomWindows(size_t count, size_t steps, size_t features, std::mt19937& random) {
  return {count, steps, features, Draw(count * steps * features, 1, random)};
}

inline std::vector<std::byte> Golden(const std::string& name) {
  std::ifstream file(std::string(MW_SOURCE_DIR) + "/src/importer/golden/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

}  // namespace millwright::importer
