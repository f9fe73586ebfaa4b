#include "trainer/prune.h"

#include <gtest/gtest.h>

#include <random>

namespace millwright::trainer {
namespace {

constexpr int kSteps = 5, kFeatures = 3, kClasses = 2;

LstmNet Random(int units, int layers) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.4F);
  const auto fill = [&](int n) {
    std::vector<float> out(static_cast<size_t>(n));
    for (float& v : out) v = normal(random);
    return out;
  };
  LstmNet net{.steps = kSteps, .features = kFeatures, .classes = kClasses};
  for (int i = 0; i < layers; ++i) {
    LstmLayer layer{.inputs = i == 0 ? kFeatures : units, .units = units};
    for (size_t g = 0; g < model::kGates; ++g) {
      layer.input_weights[g] = fill(units * layer.inputs);
      layer.recurrent_weights[g] = fill(units * units);
      layer.biases[g] = fill(units);
    }
    net.layers.push_back(std::move(layer));
  }
  net.dense_weights = fill(kClasses * units);
  net.dense_biases = fill(kClasses);
  return net;
}

std::vector<float> Logits(const LstmNet& net) {
  std::vector<float> window(static_cast<size_t>(kSteps * kFeatures));
  for (size_t i = 0; i < window.size(); ++i) window[i] = 0.3F * static_cast<float>(i % 5) - 0.5F;
  std::vector<float> logits(kClasses);
  LstmRunner(net).Run(window, logits);
  return logits;
}

// What no weight listens to.
void Mute(LstmNet& net, size_t index, size_t unit) {
  const auto units = static_cast<size_t>(net.layers[index].units);
  const auto clear = [&](std::vector<float>& matrix) {
    for (size_t i = unit; i < matrix.size(); i += units) matrix[i] = 0;
  };
  for (size_t g = 0; g < model::kGates; ++g) {
    clear(net.layers[index].recurrent_weights[g]);
    if (index + 1 < net.layers.size()) clear(net.layers[index + 1].input_weights[g]);
  }
  if (index + 1 == net.layers.size()) clear(net.dense_weights);
}

TEST(PruneUnits, WhatNobodyListensToIsNotMissed) {
  for (const int layers : {1, 2}) {
    LstmNet net = Random(8, layers);
    for (size_t i = 0; i < net.layers.size(); ++i)
      for (const size_t unit : {1U, 4U, 7U}) Mute(net, i, unit);
    const LstmNet small = PruneUnits(net, 5);
    EXPECT_EQ(small.layers.back().units, 5);
    const std::vector<float> before = Logits(net), after = Logits(small);
    for (size_t c = 0; c < before.size(); ++c) EXPECT_NEAR(before[c], after[c], 1e-5);
  }
}

TEST(PruneUnits, KeepsShapesThatFit) {
  const LstmNet small = PruneUnits(Random(10, 3), 4);
  for (size_t i = 0; i < small.layers.size(); ++i) {
    const LstmLayer& layer = small.layers[i];
    EXPECT_EQ(layer.inputs, i == 0 ? kFeatures : 4);
    for (size_t g = 0; g < model::kGates; ++g) {
      EXPECT_EQ(layer.input_weights[g].size(), static_cast<size_t>(4 * layer.inputs));
      EXPECT_EQ(layer.recurrent_weights[g].size(), 16U);
      EXPECT_EQ(layer.biases[g].size(), 4U);
    }
  }
  EXPECT_EQ(small.dense_weights.size(), 8U);
}

TEST(PruneUnits, LeavesASmallerNetAsItIs) {
  const LstmNet net = Random(6, 2);
  EXPECT_EQ(Logits(PruneUnits(net, 9)), Logits(net));
}

}  // namespace
}  // namespace millwright::trainer
