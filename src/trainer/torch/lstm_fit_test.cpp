#include "trainer/torch/lstm_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace millwright::trainer {
namespace {

constexpr int kSteps = 4, kFeatures = 2, kClasses = 2, kWindows = 120;

// Class 1 where the first feature is high; the second says nothing.
struct Tiny {
  std::vector<float> rows{};
  WindowSet set{};
  explicit Tiny(uint32_t seed) {
    std::mt19937 random(seed);
    const auto draw = [&] { return static_cast<float>(random() % 2001) / 1000 - 1; };
    for (int i = 0; i < kWindows; ++i) {
      set.first.push_back(static_cast<uint32_t>(i * kSteps));
      set.labels.push_back(i % kClasses);
      for (int step = 0; step < kSteps; ++step) {
        rows.push_back((i % kClasses == 0 ? -0.7F : 0.7F) + draw());
        rows.push_back(draw());
      }
    }
    set.rows = rows;
  }
};

LearnOptions Options(uint64_t seed) {
  return {.steps = kSteps,
          .features = kFeatures,
          .classes = kClasses,
          .units = 4,
          .layers = 2,
          .epochs = 8,
          .batch = 16,
          .learning_rate = 2e-2,
          .seed = seed,
          .class_weights = {1, 1}};
}

Learned Fit(const Tiny& train, const Tiny& validation, uint64_t seed) {
  auto learned = FitWithTorch(train.set, validation.set, Options(seed), [](const Progress&) {});
  EXPECT_TRUE(learned) << learned.error().what;
  return learned ? *std::move(learned) : Learned{};
}

TEST(FitWithTorch, OneSeedGivesOneNet) {
  const Tiny train(1), validation(2);
  const Learned a = Fit(train, validation, 5), b = Fit(train, validation, 5);
  ASSERT_EQ(a.net.layers.size(), 2U);
  for (size_t i = 0; i < a.net.layers.size(); ++i) {
    EXPECT_EQ(a.net.layers[i].input_weights, b.net.layers[i].input_weights);
    EXPECT_EQ(a.net.layers[i].recurrent_weights, b.net.layers[i].recurrent_weights);
    EXPECT_EQ(a.net.layers[i].biases, b.net.layers[i].biases);
  }
  EXPECT_EQ(a.net.dense_weights, b.net.dense_weights);
  EXPECT_EQ(a.net.dense_biases, b.net.dense_biases);
  EXPECT_NE(a.net.dense_weights, Fit(train, validation, 6).net.dense_weights);
}

TEST(FitWithTorch, TheLossFalls) {
  const Learned learned = Fit(Tiny(1), Tiny(2), 5);
  ASSERT_GE(learned.history.size(), 2U);
  const EpochRecord& best = learned.history[static_cast<size_t>(learned.best_epoch)];
  EXPECT_LT(learned.history.back().train_loss, learned.history.front().train_loss / 2);
  EXPECT_LT(best.validation_loss, learned.history.front().validation_loss);
  EXPECT_GT(best.validation_accuracy, 0.9);
}

TEST(FitWithTorch, TheNetHandedOverAnswersAsTorchDid) {
  const Tiny train(1), validation(2);
  const Learned learned = Fit(train, validation, 5);
  LstmRunner runner(learned.net);
  std::vector<float> logits(kClasses), p(kClasses);
  double loss = 0;
  for (size_t i = 0; i < validation.set.size(); ++i) {
    runner.Run(std::span(validation.rows)
                   .subspan(i * size_t{kSteps} * kFeatures, size_t{kSteps} * kFeatures),
               logits);
    Softmax(logits, 1, p);
    loss -= std::log(static_cast<double>(p[static_cast<size_t>(validation.set.labels[i])]));
  }
  EXPECT_NEAR(loss / kWindows,
              learned.history[static_cast<size_t>(learned.best_epoch)].validation_loss, 1e-4);
}

// Which way the first feature goes is all that tells the classes apart.
TEST(FitWithTorch, AMirroredChannelLosesItsSign) {
  const Tiny train(1), validation(2);
  const auto accuracy = [&](std::vector<int> mirrored) {
    LearnOptions options = Options(5);
    options.mirror = 0.5;
    options.mirrored = std::move(mirrored);
    const auto learned = FitWithTorch(train.set, validation.set, options, [](const Progress&) {});
    EXPECT_TRUE(learned) << learned.error().what;
    return learned ? learned->history.back().validation_accuracy : 0;
  };
  EXPECT_LT(accuracy({0, -1}), 0.8);
  EXPECT_GT(accuracy({-1, 1}), 0.9);
}

Result<Learned> FitBy(const Tiny& train, const Tiny& validation, const LearnOptions& options) {
  return FitWithTorch(train.set, validation.set, options, [](const Progress&) {});
}

TEST(FitWithTorch, AStartIsWhereLearningBegins) {
  const Tiny train(1), validation(2);
  const Learned first = Fit(train, validation, 5);
  LearnOptions options = Options(9);
  options.start = std::make_shared<const LstmNet>(first.net);
  options.epochs = 1;
  options.learning_rate = 0;
  const auto again = FitBy(train, validation, options);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(again->net.dense_weights, first.net.dense_weights);
  EXPECT_EQ(again->net.layers[1].recurrent_weights, first.net.layers[1].recurrent_weights);
}

// Labels that are all wrong, a teacher that is right: following it wins.
TEST(FitWithTorch, FollowsATeacherMoreThanLabels) {
  Tiny train(1);
  const Tiny validation(2);
  for (int& label : train.set.labels) {
    train.set.teacher.push_back(label == 0 ? 6.0F : -6.0F);
    train.set.teacher.push_back(label == 0 ? -6.0F : 6.0F);
    label = 1 - label;
  }
  LearnOptions options = Options(5);
  options.follow = 0.9;
  const auto learned = FitBy(train, validation, options);
  ASSERT_TRUE(learned) << learned.error().what;
  EXPECT_GT(learned->history.back().validation_accuracy, 0.9);
  train.set.teacher.pop_back();
  EXPECT_FALSE(FitBy(train, validation, options)) << "a teacher that says nothing of a window";
}

TEST(FitWithTorch, LearnsWithRoundingAsItDoesWithout) {
  const Tiny train(1), validation(2);
  LearnOptions options = Options(5);
  options.quantized = true;
  const auto learned = FitBy(train, validation, options);
  ASSERT_TRUE(learned) << learned.error().what;
  EXPECT_GT(learned->history.back().validation_accuracy, 0.9);
  EXPECT_LT(learned->history.back().train_loss, learned->history.front().train_loss / 2);
}

// Rounded, mirrored and noisy: all that is random or remembered has to be in the state.
TEST(FitWithTorch, AStoppedRunThatGoesOnGivesTheSameNet) {
  const Tiny train(1), validation(2);
  LearnOptions options = Options(5);
  options.quantized = true;
  options.mirror = 0.2;
  options.mirrored = {0, 1};
  const auto whole = FitBy(train, validation, options);
  ASSERT_TRUE(whole) << whole.error().what;
  for (const int stop_at : {0, 4, 7}) {
    LearnOptions first = options;
    std::string kept;
    first.go_on.keep = [&](const std::function<std::string()>& state, bool finished) {
      if (!finished) kept = state();
    };
    first.go_on.stop = [&](int epoch, double) { return epoch == stop_at; };
    ASSERT_TRUE(FitBy(train, validation, first));
    LearnOptions second = options;
    second.go_on.from = kept;
    const auto rest = FitBy(train, validation, second);
    ASSERT_TRUE(rest) << rest.error().what;
    EXPECT_EQ(rest->history.size(), whole->history.size());
    EXPECT_EQ(rest->history.back().train_loss, whole->history.back().train_loss);
    EXPECT_EQ(rest->best_epoch, whole->best_epoch);
    EXPECT_EQ(rest->net.layers[1].recurrent_weights, whole->net.layers[1].recurrent_weights);
    EXPECT_EQ(rest->net.dense_weights, whole->net.dense_weights);
  }
  options.go_on.from = "no state";
  EXPECT_FALSE(FitBy(train, validation, options));
}

TEST(FitWithTorch, RefusesWhatCannotBeLearned) {
  const Tiny some(1);
  const auto quiet = [](const Progress&) {};
  EXPECT_FALSE(FitWithTorch({}, some.set, Options(1), quiet));
  EXPECT_FALSE(FitWithTorch(some.set, {}, Options(1), quiet));
  LearnOptions options = Options(1);
  options.class_weights.pop_back();
  EXPECT_FALSE(FitWithTorch(some.set, some.set, options, quiet));
  options = Options(1);
  options.mirrored = {0};
  EXPECT_FALSE(FitWithTorch(some.set, some.set, options, quiet));
}

}  // namespace
}  // namespace millwright::trainer
