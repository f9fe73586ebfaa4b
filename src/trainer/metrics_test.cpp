#include "trainer/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::trainer {
namespace {

TEST(Metrics, ByHand) {
  // Truth 0, 0, 1, 1; guesses 0, 1, 1, 1; class 2 never appears.
  const std::vector<float> p = {0.8F, 0.1F, 0.1F, 0.3F, 0.6F, 0.1F,
                                0.1F, 0.8F, 0.1F, 0.2F, 0.7F, 0.1F};
  const std::vector<int> labels = {0, 0, 1, 1};
  const ClassMetrics m = Measure(p, labels, 3);
  EXPECT_DOUBLE_EQ(m.accuracy, 0.75);
  EXPECT_DOUBLE_EQ(m.recall[0], 0.5);
  EXPECT_DOUBLE_EQ(m.recall[1], 1);
  EXPECT_TRUE(std::isnan(m.recall[2]));
  EXPECT_DOUBLE_EQ(m.balanced_accuracy, 0.75);
  EXPECT_NEAR(m.macro_f1, (2.0 / 3 + 0.8) / 2, 1e-12);
  EXPECT_EQ(m.confusion[0][1], 1);
}

TEST(Metrics, AreaIsOneWhenScoresSeparate) {
  const std::vector<float> p = {0.9F, 0.1F, 0.8F, 0.2F, 0.3F, 0.7F};
  EXPECT_NEAR(Measure(p, std::vector<int>{0, 0, 1}, 2).pr_auc, 1, 1e-9);
}

TEST(Metrics, ArgMaxTakesTheFirstOfEquals) { EXPECT_EQ(ArgMax(std::vector<float>{1, 3, 3}), 1); }

TEST(Metrics, TemperatureCoolsWhatIsTooSure) {
  // Logits say 99.8 %, truth agrees in 3 of 4: the best answer is 75 %, logit ln 3.
  const std::vector<float> logits = {6, 0, 6, 0, 6, 0, 6, 0};
  const double temperature = FitTemperature(logits, std::vector<int>{0, 0, 0, 1}, 2);
  EXPECT_NEAR(6 / temperature, std::log(3.0), 0.02);
}

}  // namespace
}  // namespace millwright::trainer
