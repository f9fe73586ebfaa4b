#include "evaluation/baselines.h"

#include <gtest/gtest.h>

#include <random>

#include "evaluation/linear.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace {

// Three classes on a line in five dimensions, four of them noise; scales differ by a thousand.
Table Draw(uint32_t seed, int n = 300) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise;
  Table t{.columns = 5};
  for (int i = 0; i < n; ++i) {
    const int label = i % 3;
    t.labels.push_back(label);
    t.values.push_back(static_cast<float>(label) * 4 + noise(random));
    for (int c = 1; c < 5; ++c) t.values.push_back(1000 * noise(random));
    t.targets.push_back(static_cast<float>(label) * 10 + 5);
  }
  return t;
}

double Accuracy(const Result<std::vector<float>>& scores, const Table& test) {
  EXPECT_TRUE(scores) << (scores ? "" : scores.error().what);
  return scores ? trainer::Measure(*scores, test.labels, 3).balanced_accuracy : 0;
}

TEST(Baselines, LearnWhatCanBeLearned) {
  const Table train = Draw(1), test = Draw(2);
  EXPECT_NEAR(Accuracy(Majority(train, test, 3), test), 1.0 / 3, 1e-9);
  EXPECT_GT(Accuracy(Lda(train, test, 3), test), 0.93);
  EXPECT_GT(Accuracy(NearestNeighbour(train, test, 3), test), 0.7);
  EXPECT_GT(Accuracy(RandomForest(train, test, 3), test), 0.9);
}

TEST(Baselines, AreTheSameForTheSameSeed) {
  const Table train = Draw(1), test = Draw(2);
  EXPECT_EQ(*RandomForest(train, test, 3, {.seed = 4}), *RandomForest(train, test, 3, {.seed = 4}));
  EXPECT_NE(*RandomForest(train, test, 3, {.seed = 4}), *RandomForest(train, test, 3, {.seed = 5}));
}

TEST(Baselines, UnlabelledRowsDoNotTeachAndAbsentClassesAreNotGuessed) {
  Table train = Draw(1);
  for (size_t i = 0; i < train.size(); ++i)
    if (train.labels[i] == 2) train.labels[i] = -1;
  const Table test = Draw(2);
  for (const auto& scores : {Lda(train, test, 3), RandomForest(train, test, 3)}) {
    ASSERT_TRUE(scores);
    for (size_t i = 0; i < test.size(); ++i)
      ASSERT_NE(trainer::ArgMax(std::span(*scores).subspan(i * 3, 3)), 2);
  }
}

TEST(Baselines, RidgeAndForestLearnValues) {
  const Table train = Draw(1), test = Draw(2);
  const auto ridge = LearnRidge(train, 1e-3);
  ASSERT_TRUE(ridge);
  const auto forest = ForestValues(train, test);
  ASSERT_TRUE(forest);
  const std::vector<float> line = Scores(*ridge, test);
  double ridge_error = 0, forest_error = 0;
  for (size_t i = 0; i < test.size(); ++i) {
    ridge_error += std::abs(static_cast<double>(line[i] - test.targets[i])) / 300;
    forest_error += std::abs(static_cast<double>((*forest)[i] - test.targets[i])) / 300;
  }
  EXPECT_LT(ridge_error, 3);
  EXPECT_LT(forest_error, 3);
}

TEST(Lda, TellsAClassThatIsMissing) {
  const auto map = LearnLda(Draw(1), 4, 1e-3);
  ASSERT_FALSE(map);
  EXPECT_NE(map.error().what.find("class 3"), std::string::npos);
}

}  // namespace
}  // namespace millwright::evaluation
