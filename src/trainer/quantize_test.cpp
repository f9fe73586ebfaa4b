#include "trainer/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "model/lstm_classifier.h"
#include "model/tflite.h"
#include "trainer/int8_model.h"
#include "trainer/metrics.h"

namespace millwright::trainer {
namespace {

std::vector<float> Draw(size_t n, float spread, std::mt19937& random) {
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> out(n);
  for (float& x : out) x = normal(random);
  return out;
}

LstmNet TinyNet(std::mt19937& random) {
  LstmNet net{.steps = 6, .features = 3, .classes = 3};
  LstmLayer layer{.inputs = 3, .units = 8};
  for (size_t g = 0; g < model::kGates; ++g) {
    layer.input_weights[g] = Draw(24, 0.5F, random);
    layer.recurrent_weights[g] = Draw(64, 0.3F, random);
    layer.biases[g] = Draw(8, 0.2F, random);
  }
  net.layers.push_back(layer);
  net.dense_weights = Draw(24, 1.5F, random);
  net.dense_biases = Draw(3, 0.2F, random);
  return net;
}

std::vector<float> Snap(std::vector<float> rows, float scale) {
  for (float& x : rows) x = std::round(x / scale) * scale;
  return rows;
}

TEST(Quantize, TheFileAgreesWithTheFloatNet) {
  std::mt19937 random(7);
  const LstmNet net = TinyNet(random);
  LstmRunner runner(net);
  const float scale = InputScale(8);
  std::vector<std::vector<float>> windows;
  for (int i = 0; i < 200; ++i) windows.push_back(Snap(Draw(18, 1.5F, random), scale));
  Ranges ranges;
  std::vector<float> logits(3), as_float(3), as_int8(3);
  for (const auto& window : windows) runner.Run(window, logits, &ranges);
  const auto quantized = Quantize(net, ranges, scale, 1.3);
  ASSERT_TRUE(quantized) << quantized.error().what;
  const auto graph = model::MakeGraph(*quantized);
  ASSERT_TRUE(graph) << graph.error().what;
  const auto file = model::WriteTflite(*graph);
  ASSERT_TRUE(file) << file.error().what;
  auto int8 = Int8Model::Load(*file);
  ASSERT_TRUE(int8) << int8.error().what;
  int agree = 0;
  double error = 0;
  for (const auto& window : windows) {
    runner.Run(window, logits);
    Softmax(logits, 1.3, as_float);
    int8->Run(window, as_int8);
    agree += ArgMax(as_float) == ArgMax(as_int8) ? 1 : 0;
    for (size_t c = 0; c < 3; ++c)
      error = std::max(error, std::abs(static_cast<double>(as_float[c] - as_int8[c])));
  }
  EXPECT_GE(agree, 190);
  EXPECT_LT(error, 0.1);
}

TEST(Quantize, RefusesWeightsThatAreNotFinite) {
  std::mt19937 random(1);
  LstmNet net = TinyNet(random);
  net.layers[0].recurrent_weights[1][5] = std::nanf("");
  LstmRunner runner(net);
  Ranges ranges;
  std::vector<float> logits(3);
  runner.Run(std::vector<float>(18, 0.5F), logits, &ranges);
  EXPECT_FALSE(Quantize(net, ranges, InputScale(8), 1));
}

TEST(Quantize, ZeroAndBothEndsOfTheClipLieOnTheInputGrid) {
  const float scale = InputScale(16);
  EXPECT_NEAR(std::round(16 / scale) * scale, 16, scale / 2);
  EXPECT_LE(std::round(16 / scale), 127);
}

}  // namespace
}  // namespace millwright::trainer
