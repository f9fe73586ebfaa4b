#include "importer/fold.h"

#include <gtest/gtest.h>

#include "importer/float_runner.h"
#include "importer/testing/nets.h"

namespace millwright::importer {
namespace {

std::vector<float> Answer(Net net, const Windows& windows) {
  EXPECT_TRUE(CheckNet(net));
  FloatRunner runner(net);
  std::vector<float> out;
  for (size_t i = 0; i < windows.count; ++i) {
    const auto answer = runner.Run(windows.window(i));
    out.insert(out.end(), answer.begin(), answer.end());
  }
  return out;
}

// An Affine put at any place is folded away, and the answers stay.
TEST(FoldAffine, KeepsTheAnswers) {
  std::mt19937 random(3);
  const Windows windows = RandomWindows(20, 10, 3, random);
  // Not in front of the padded convolution, nor of the relu behind it: other tests.
  for (const size_t place : {size_t{1}, size_t{2}, size_t{3}, size_t{4}, size_t{5}, size_t{6}}) {
    Net net = ConvLstmNet(random);
    ASSERT_TRUE(CheckNet(net));
    const int width = net.layers[place - 1].out.width;
    const Layer affine{"norm", "BatchNormalization", RandomAffine(width, random)};
    net.layers.insert(net.layers.begin() + static_cast<std::ptrdiff_t>(place), affine);
    const std::vector<float> want = Answer(net, windows);
    const auto folded = FoldAffine(net);
    ASSERT_TRUE(folded) << place << folded.error().what;
    EXPECT_EQ(net.layers.size(), 6U);
    const std::vector<float> got = Answer(net, windows);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 2e-5F) << place;
  }
}

TEST(FoldAffine, GoesThroughFlattenAndPoolsAndChains) {
  std::mt19937 random(4);
  const Windows windows = RandomWindows(20, 6, 3, random);
  for (const LayerOp& between :
       {LayerOp(Flatten{}), LayerOp(GlobalPool{}), LayerOp(GlobalPool{.is_max = true})}) {
    Net net{.steps = 6, .features = 3};
    const int inputs = std::holds_alternative<Flatten>(between) ? 18 : 3;
    net.layers = {{"a", "Normalization", RandomAffine(3, random)},
                  {"b", "BatchNormalization", RandomAffine(3, random)},
                  {"c", "between", between},
                  {"d", "Dense", RandomDense(inputs, 2, random)}};
    const std::vector<float> want = Answer(net, windows);
    ASSERT_TRUE(FoldAffine(net));
    EXPECT_EQ(net.layers.size(), 2U);
    const std::vector<float> got = Answer(net, windows);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 2e-5F);
  }
}

TEST(FoldAffine, NamesWhatItCannotFold) {
  std::mt19937 random(5);
  Net padded = ConvLstmNet(random);
  padded.layers.insert(padded.layers.begin(), {"norm", "Normalization", RandomAffine(3, random)});
  const auto first = FoldAffine(padded);
  ASSERT_FALSE(first);
  EXPECT_NE(first.error().what.find("layer 'norm' (Normalization) cannot be folded"),
            std::string::npos);
  // A pure gain may stand before padding: its zeros stay zeros.
  std::get<Affine>(padded.layers[0].op).offset.assign(3, 0);
  EXPECT_TRUE(FoldAffine(padded));
  Net last{.steps = 2, .features = 3};
  last.layers = {{"norm", "BatchNormalization", RandomAffine(3, random)}};
  EXPECT_EQ(FoldAffine(last).error().code, Errc::kUnsupported);
}

TEST(TakeFront, ReturnsWhatStandsAtTheFrontAsOne) {
  std::mt19937 random(6);
  Windows windows = RandomWindows(5, 10, 3, random);
  Net net = ConvLstmNet(random);
  EXPECT_FALSE(TakeFront(net));
  net.layers.insert(net.layers.begin(), 2, {"norm", "Normalization", RandomAffine(3, random)});
  const std::vector<float> want = Answer(net, windows);
  const auto front = TakeFront(net);
  ASSERT_TRUE(front);
  for (size_t i = 0; i < windows.values.size(); ++i)
    windows.values[i] = windows.values[i] * front->gain[i % 3] + front->offset[i % 3];
  const std::vector<float> got = Answer(net, windows);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5F);
}

}  // namespace
}  // namespace millwright::importer
