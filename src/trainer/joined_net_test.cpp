#include "trainer/joined_net.h"

#include <gtest/gtest.h>

#include <random>

namespace millwright::trainer {
namespace {

constexpr int kSteps = 5, kFeatures = 3, kClasses = 2;

LstmNet RandomNet(std::mt19937& random, std::vector<int> units) {
  const auto draw = [&](int count) {
    std::vector<float> out(static_cast<size_t>(count));
    for (float& x : out) x = static_cast<float>(random() % 2001) / 1000 - 1;
    return out;
  };
  LstmNet net{.steps = kSteps, .features = kFeatures, .classes = kClasses};
  int inputs = kFeatures;
  for (const int n : units) {
    LstmLayer layer{.inputs = inputs, .units = n};
    for (size_t g = 0; g < model::kGates; ++g) {
      layer.input_weights[g] = draw(n * inputs);
      layer.recurrent_weights[g] = draw(n * n);
      layer.biases[g] = draw(n);
    }
    net.layers.push_back(std::move(layer));
    inputs = n;
  }
  net.dense_weights = draw(kClasses * inputs);
  net.dense_biases = draw(kClasses);
  return net;
}

TEST(JoinNets, AnswersTheMeanOfTheirLogits) {
  std::mt19937 random(3);
  for (const std::vector<int>& units : {std::vector<int>{4}, std::vector<int>{4, 3}}) {
    const std::vector<LstmNet> nets = {RandomNet(random, units), RandomNet(random, units),
                                       RandomNet(random, units)};
    const auto joined = JoinNets(nets);
    ASSERT_TRUE(joined) << joined.error().what;
    std::vector<float> window(kSteps * kFeatures);
    for (float& x : window) x = static_cast<float>(random() % 2001) / 500 - 2;
    std::vector<float> mean(kClasses), one(kClasses), all(kClasses);
    for (const LstmNet& net : nets) {
      LstmRunner(net).Run(window, one);
      for (size_t c = 0; c < one.size(); ++c) mean[c] += one[c] / 3;
    }
    LstmRunner(*joined).Run(window, all);
    for (size_t c = 0; c < all.size(); ++c) EXPECT_NEAR(all[c], mean[c], 1e-5F);
  }
}

TEST(JoinNets, RefusesNetsOfDifferentShape) {
  std::mt19937 random(4);
  EXPECT_FALSE(JoinNets({}));
  EXPECT_FALSE(JoinNets(std::vector<LstmNet>{RandomNet(random, {4}), RandomNet(random, {5})}));
}

}  // namespace
}  // namespace millwright::trainer
