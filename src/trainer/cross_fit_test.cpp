#include "trainer/cross_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace millwright::trainer {
namespace {

// Four steps, each worth `value`; the last two with `label`.
Series Machine(const std::string& asset, int label, float value = 0) {
  Series s;
  s.id = s.asset = asset;
  s.features = 1;
  for (int i = 0; i < 4; ++i) {
    s.end_ns.push_back((i + 1) * kSecond);
    s.rows.push_back(value);
    s.labels.push_back(i < 2 ? 0 : label);
    s.usable.push_back(1);
    s.learning.push_back(0);
  }
  return s;
}

TEST(DealFolds, SpreadsNeighboursByName) {
  const std::vector<Series> series = {Machine("d", 1), Machine("a", 1), Machine("c", 1),
                                      Machine("b", 1), Machine("e", 1)};
  const Folds folds = DealFolds(series, 2);
  EXPECT_EQ(folds.count, 2);
  EXPECT_EQ(folds.of, (std::vector<int>{1, 0, 0, 1, 0}));
}

TEST(DealFolds, SeriesOfOneMachineShareAFold) {
  const std::vector<Series> series = {Machine("a", 1), Machine("b", 1), Machine("a", 0),
                                      Machine("b", 1)};
  const Folds folds = DealFolds(series, 2);
  EXPECT_EQ(folds.of, (std::vector<int>{0, 1, 0, 1}));
}

TEST(DealFolds, HealthyMachinesAreInNone) {
  const std::vector<Series> series = {Machine("a", 1), Machine("b", 0), Machine("c", kNeutral),
                                      Machine("d", 1)};
  EXPECT_EQ(DealFolds(series, 2).of, (std::vector<int>{0, -1, -1, 1}));
}

TEST(DealFolds, NeverMoreFoldsThanFaultyMachines) {
  const std::vector<Series> series = {Machine("a", 1), Machine("b", 1), Machine("c", 0)};
  EXPECT_EQ(DealFolds(series, 5).count, 2);
  EXPECT_EQ(DealFolds({}, 5).count, 0);
}

// Answers `answer` for class 1, whatever it is shown.
LstmNet Constant(float answer) {
  LstmNet net{.steps = 1, .features = 1, .classes = 2};
  LstmLayer layer{.inputs = 1, .units = 1};
  for (size_t g = 0; g < model::kGates; ++g)
    layer.input_weights[g] = layer.recurrent_weights[g] = layer.biases[g] = {0};
  net.layers.push_back(layer);
  net.dense_weights = {0, 0};
  net.dense_biases = {0, answer};
  return net;
}

TEST(CrossFit, EveryRunIsJudgedByTheNetThatNeverSawIt) {
  const std::vector<Series> series = {Machine("a", 1, 1), Machine("b", 1, 2), Machine("c", 1, 3),
                                      Machine("healthy", 0, 9)};
  const Folds folds = DealFolds(series, 3);
  ASSERT_EQ(folds.count, 3);
  const auto values = [](const WindowSet& set) {
    std::set<float> out;
    for (const uint32_t first : set.first) out.insert(set.rows[first]);
    return out;
  };
  // The net of a fold answers with the value of the run that it was not taught.
  const Learner learner = [&](const WindowSet& train, const WindowSet& held, const LearnOptions&,
                              const auto&) -> Result<Learned> {
    const std::set<float> taught = values(train), unseen = values(held);
    EXPECT_EQ(unseen.size(), 1U);
    EXPECT_FALSE(taught.contains(*unseen.begin()));
    EXPECT_TRUE(taught.contains(9));
    EXPECT_EQ(taught.size(), 3U);
    return Learned{.net = Constant(*unseen.begin())};
  };
  const LearnOptions options{.steps = 1, .features = 1, .classes = 2};
  const auto fitted =
      CrossFit(series, folds, options, kSecond, 1, 1000, learner, [](const auto&) {});
  ASSERT_TRUE(fitted) << fitted.error().what;
  ASSERT_EQ(fitted->held.size(), 3U);
  ASSERT_EQ(fitted->logits.size(), 3U * 4 * 2);
  for (size_t run = 0; run < 3; ++run)
    for (size_t step = 0; step < 4; ++step)
      EXPECT_FLOAT_EQ(fitted->logits[(run * 4 + step) * 2 + 1], fitted->held[run].rows[0]);
  std::vector<float> joined(2);
  LstmRunner(fitted->net).Run(std::vector<float>{5}, joined);
  EXPECT_FLOAT_EQ(joined[1], 2);  // the mean of all nets ships
}

TEST(CrossFit, AFailingLearnerEndsIt) {
  const std::vector<Series> series = {Machine("a", 1), Machine("b", 1)};
  const Learner learner = [](const auto&, const auto&, const auto&,
                             const auto&) -> Result<Learned> { return Fail(Errc::kInvalid, "no"); };
  const LearnOptions options{.steps = 1, .features = 1, .classes = 2};
  const auto fitted = CrossFit(series, DealFolds(series, 2), options, kSecond, 1, 1000, learner,
                               [](const auto&) {});
  ASSERT_FALSE(fitted);
  EXPECT_EQ(fitted.error().what, "no");
}

}  // namespace
}  // namespace millwright::trainer
