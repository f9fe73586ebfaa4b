#include "evaluation/budget.h"

#include <gtest/gtest.h>

#include "model/lstm_classifier.h"
#include "model/tflite.h"
#include "trainer/quantize.h"

namespace millwright::evaluation {
namespace {

std::vector<std::byte> Model(int units) {
  const auto u = static_cast<size_t>(units);
  trainer::LstmLayer layer{.inputs = 3, .units = units};
  for (size_t g = 0; g < model::kGates; ++g) {
    layer.input_weights[g].assign(u * 3, 0.1F);
    layer.recurrent_weights[g].assign(u * u, 0.1F);
    layer.biases[g].assign(u, 0);
  }
  trainer::LstmNet net{.steps = 4, .features = 3, .classes = 2};
  net.layers.push_back(layer);
  net.dense_weights.assign(2 * u, 0.1F);
  net.dense_biases.assign(2, 0);
  trainer::LstmRunner runner(net);
  trainer::Ranges ranges;
  std::vector<float> logits(2);
  runner.Run(std::vector<float>(12, 1.0F), logits, &ranges);
  const auto quantized = trainer::Quantize(net, ranges, trainer::InputScale(8), 1);
  EXPECT_TRUE(quantized);
  return *model::WriteTflite(*model::MakeGraph(*quantized));
}

std::vector<ShippedModel> Three() {
  return {{.name = "large", .tflite = Model(96), .worth = 0.95},
          {.name = "middle", .tflite = Model(48), .worth = 0.95},
          {.name = "small", .tflite = Model(8), .worth = 0.80}};
}

TEST(ChooseByBudget, TakesTheBestThatIsAffordable) {
  const std::vector<ShippedModel> models = Three();
  const auto any = ChooseByBudget(models, {});
  ASSERT_TRUE(any) << any.error().what;
  EXPECT_EQ(any->model->name, "middle") << "as good as the large one, and smaller";
  const auto few = ChooseByBudget(models, {.bytes = static_cast<double>(models[2].tflite.size())});
  ASSERT_TRUE(few);
  EXPECT_EQ(few->model->name, "small");
  for (const char* board : {"pi4", "nano"}) {
    const auto fast = ChooseByBudget(models, {.ms = any->ms / 2, .board = board});
    ASSERT_TRUE(fast) << fast.error().what;
    EXPECT_EQ(fast->model->name, "small");
  }
}

TEST(ChooseByBudget, SaysWhatTheSmallestNeeds) {
  const std::vector<ShippedModel> models = Three();
  const auto none = ChooseByBudget(models, {.bytes = 100});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::kNotFound);
  EXPECT_NE(none.error().what.find(std::to_string(models[2].tflite.size())), std::string::npos);
}

TEST(ChooseByBudget, WantsABoardAndModelsOfKnownWorth) {
  const std::vector<ShippedModel> models = Three();
  const auto board = ChooseByBudget(models, {.board = "pi5"});
  ASSERT_FALSE(board);
  EXPECT_NE(board.error().what.find("pi4, nano"), std::string::npos);
  EXPECT_FALSE(ChooseByBudget(std::vector<ShippedModel>{{.name = "x", .tflite = Model(8)}}, {}));
  EXPECT_FALSE(ChooseByBudget({}, {}));
}

}  // namespace
}  // namespace millwright::evaluation
