#include "evaluation/fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace {

// A learner that needs no torch: one unit that follows the first feature.
Result<trainer::Learned> Follow(const trainer::WindowSet& train, const trainer::WindowSet&,
                                const trainer::LearnOptions& o,
                                const std::function<void(const trainer::Progress&)>& progress) {
  EXPECT_FALSE(train.first.empty());
  progress({.epoch = 0, .epochs = 1, .done = 1});
  trainer::Learned out;
  out.net = {
      .steps = o.steps, .features = o.features, .classes = o.classes, .regression = o.regression};
  trainer::LstmLayer layer{.inputs = o.features, .units = 1};
  for (size_t g = 0; g < model::kGates; ++g) {
    layer.input_weights[g].assign(static_cast<size_t>(o.features), 1e-3F);
    layer.recurrent_weights[g].assign(1, 0);
    layer.biases[g].assign(1, g == 1 ? -5.0F : 5.0F);  // forgets at once, lets all else through
  }
  layer.input_weights[2] = {1, 0};
  layer.biases[2][0] = 0;
  out.net.layers.push_back(layer);
  out.net.dense_weights = o.regression ? std::vector<float>{2} : std::vector<float>{-8, 8};
  out.net.dense_biases.assign(static_cast<size_t>(o.classes), 0);
  return out;
}

Samples Steps(int classes) {
  std::vector<float> values;
  std::vector<int> labels;
  for (int i = 0; i < 60; ++i) {
    const float x = static_cast<float>(i % 21 - 10) / 10;
    values.insert(values.end(), {0, 0, x, 3});
    labels.push_back(x > 0 ? 1 : 0);
  }
  return MakeSamples(std::move(values), 2, 2, classes, std::move(labels));
}

TEST(FitInt8, WhatTheEngineSaysIsWhatTheNetSays) {
  const Samples s = Steps(2);
  const auto fitted = FitInt8(s, s, {.clip = 4}, Follow, {});
  ASSERT_TRUE(fitted) << fitted.error().what;
  EXPECT_GT(fitted->agreement, 0.95);
  const auto p = Predict(fitted->tflite, s);
  ASSERT_TRUE(p);
  EXPECT_GT(trainer::Measure(*p, s.labels, 2).accuracy, 0.95);
  EXPECT_NEAR((*p)[0] + (*p)[1], 1, 0.02);
}

TEST(FitInt8, ARegressionSaysValues) {
  Samples s = Steps(1);
  for (size_t i = 0; i < s.size(); ++i) s.targets.push_back(1.5F * s.Window(i)[2]);
  const auto fitted = FitInt8(s, s, {.clip = 4}, Follow, {});
  ASSERT_TRUE(fitted) << fitted.error().what;
  EXPECT_GT(fitted->agreement, 0.999);
  const auto values = Predict(fitted->tflite, s);
  ASSERT_TRUE(values);
  for (size_t i = 0; i < s.size(); ++i) {
    const double cell = std::tanh(static_cast<double>(s.Window(i)[2]));
    EXPECT_NEAR((*values)[i], 2 * std::tanh(cell), 0.06);
  }
}

TEST(FitInt8, SeveralNetsAreJoined) {
  const Samples s = Steps(2);
  int fits = 0;
  const trainer::Learner counted = [&](const auto& a, const auto& b, const auto& o, const auto& p) {
    EXPECT_EQ(o.seed, 1U + static_cast<uint64_t>(fits));
    ++fits;
    return Follow(a, b, o, p);
  };
  const auto fitted = FitInt8(s, s, {.nets = 3}, counted, {});
  ASSERT_TRUE(fitted);
  EXPECT_EQ(fits, 3);
  EXPECT_EQ(fitted->net.layers[0].units, 3);
}

TEST(FitInt8, RefusesWhatCannotBeLearned) {
  const Samples s = Steps(2);
  EXPECT_FALSE(FitInt8(s.Pick({}), s, {}, Follow, {}));
  EXPECT_FALSE(FitInt8(s, s.Pick({}), {}, Follow, {}));
  Samples unknown = s;
  unknown.labels[3] = -1;
  EXPECT_FALSE(FitInt8(s, unknown, {}, Follow, {}));
  EXPECT_TRUE(FitInt8(unknown, s, {}, Follow, {}));  // windows without a label do not train
}

}  // namespace
}  // namespace millwright::evaluation
