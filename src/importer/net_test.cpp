#include "importer/net.h"

#include <gtest/gtest.h>

#include <cmath>

#include "importer/testing/nets.h"

namespace millwright::importer {
namespace {

TEST(CheckNet, FollowsShapesFromLayerToLayer) {
  std::mt19937 random(1);
  Net net = ConvLstmNet(random);
  ASSERT_TRUE(CheckNet(net));
  const std::vector<Shape> want = {{10, 4}, {10, 4}, {5, 4}, {5, 6}, {1, 6, true}, {1, 3, true}};
  ASSERT_EQ(net.layers.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(net.layers[i].out, want[i]) << i;
}

TEST(CheckNet, NamesTheLayerThatDoesNotFit) {
  struct Case {
    const char* name;
    void (*spoil)(Net&);
    const char* says;
  };
  const Case cases[] = {
      {"width", [](Net& n) { std::get<Lstm>(n.layers[3].op).inputs = 5; },
       "layer 'lstm' (LSTM) takes 5 inputs, but gets 4"},
      {"missing", [](Net& n) { std::get<Dense>(n.layers[5].op).weights.pop_back(); },
       "layer 'out' (Dense) has 17 weights where 18 belong"},
      {"nan", [](Net& n) { std::get<Conv1d>(n.layers[0].op).biases[1] = NAN; },
       "layer 'conv' (Conv1D) has a weight that is not finite"},
      {"kernel", [](Net& n) { n.steps = 1; }, "pools more than its 1 steps"},
      {"no time", [](Net& n) { std::swap(n.layers[3], n.layers[4]); },
       "layer 'lstm' (LSTM) needs a sequence"},
      {"stride", [](Net& n) { std::get<Conv1d>(n.layers[0].op).stride = 0; }, "out of range"},
      {"no steps", [](Net& n) { n.steps = 0; }, "0 steps x 3"},
      {"empty", [](Net& n) { n.layers.clear(); }, "no layers"},
  };
  for (const Case& c : cases) {
    std::mt19937 random(1);
    Net net = ConvLstmNet(random);
    c.spoil(net);
    const auto got = CheckNet(net);
    ASSERT_FALSE(got) << c.name;
    EXPECT_NE(got.error().what.find(c.says), std::string::npos) << c.name << got.error().what;
  }
}

TEST(CheckNet, KeepsToItsLimits) {
  std::mt19937 random(1);
  Net net = ConvLstmNet(random);
  EXPECT_EQ(CheckNet(net, {.layers = 5}).error().code, Errc::kExhausted);
  EXPECT_EQ(CheckNet(net, {.width = 5}).error().code, Errc::kExhausted);
  EXPECT_EQ(CheckNet(net, {.weights = 100}).error().code, Errc::kExhausted);
}

}  // namespace
}  // namespace millwright::importer
