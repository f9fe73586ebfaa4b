#include "nn/cost_model.h"

#include <gtest/gtest.h>

#include "model/lstm_classifier.h"

namespace millwright::nn {
namespace {

model::Graph Shape(int inputs, int units, int steps, int layers = 1) {
  const auto count = static_cast<size_t>(units);
  model::QuantizedClassifier c{.steps = steps, .features = inputs, .input_scale = 0.1F};
  for (int i = 0; i < layers; ++i) {
    const auto columns = static_cast<size_t>(i == 0 ? inputs : units);
    model::QuantizedLstm layer{.units = units, .hidden_scale = 1.0F / 128};
    for (size_t g = 0; g < model::kGates; ++g) {
      layer.input_weights[g].assign(count * columns, 1);
      layer.recurrent_weights[g].assign(count * count, 1);
      layer.biases[g].assign(count, 0);
      layer.input_scales[g] = layer.recurrent_scales[g] = 0.01F;
    }
    c.layers.push_back(std::move(layer));
  }
  c.dense = {.classes = 2,
             .weights = std::vector<int8_t>(count * 2),
             .scales = {0.1F, 0.1F},
             .biases = {0, 0},
             .logits_scale = 0.1F};
  auto graph = model::MakeGraph(c);
  EXPECT_TRUE(graph) << graph.error().what;
  return *graph;
}

TEST(CostModel, AgreesWithWhatBenchArmCountsToThreePercent) {
  struct Case {
    int inputs, units, steps;
    double pi4_ms, nano_ms;  // docs/RESOURCES.md
  };
  for (const Case& c : {Case{64, 728, 64, 17.4, 14.7}, Case{64, 432, 64, 5.56, 5.83},
                        Case{6, 256, 64, 2.02, 2.12}, Case{64, 432, 1, 0.089, 0.094}}) {
    const model::Graph graph = Shape(c.inputs, c.units, c.steps);
    EXPECT_NEAR(PredictedMs(graph, kRaspberryPi4), c.pi4_ms, 0.03 * c.pi4_ms) << c.units;
    EXPECT_NEAR(PredictedMs(graph, kJetsonNano), c.nano_ms, 0.03 * c.nano_ms) << c.units;
  }
}

TEST(CostModel, FewerWeightsThanTheCacheHoldsCostNoMemoryTime) {
  constexpr Board kSlowMemory{"slow", 1.5, 1 << 20, 0.001};
  EXPECT_DOUBLE_EQ(PredictedMs(Shape(64, 432, 8), kSlowMemory),
                   PredictedMs(Shape(64, 432, 8), kRaspberryPi4));
  EXPECT_GT(PredictedMs(Shape(64, 728, 8), kSlowMemory), 1000);
}

TEST(CostModel, MoreOfAnythingTakesLonger) {
  const double base = PredictedMs(Shape(16, 64, 32), kRaspberryPi4);
  EXPECT_GT(PredictedMs(Shape(24, 64, 32), kRaspberryPi4), base);
  EXPECT_GT(PredictedMs(Shape(16, 72, 32), kRaspberryPi4), base);
  EXPECT_GT(PredictedMs(Shape(16, 64, 33), kRaspberryPi4), base);
  EXPECT_GT(PredictedMs(Shape(16, 64, 32, 2), kRaspberryPi4), base);
}

}  // namespace
}  // namespace millwright::nn
