#include "importer/import.h"

#include <gtest/gtest.h>

#include "importer/testing/nets.h"
#include "model/tflite.h"

namespace millwright::importer {
namespace {

Imported MustImport(Net net, const Windows& windows, ImportOptions options = {}) {
  options.agreement_min = 0;
  auto done = Import(std::move(net), windows, options);
  EXPECT_TRUE(done) << done.error().what;
  return done ? std::move(*done) : Imported{};
}

// Every kind of layer, on windows of noise, where decisions are harder than on a machine's.
TEST(Import, EveryKindOfLayerAgreesWithTheFloatNet) {
  struct Case {
    const char* name;
    std::vector<Layer> (*layers)(std::mt19937&);
  };
  const Case cases[] = {
      {"conv lstm", [](std::mt19937& r) { return ConvLstmNet(r).layers; }},
      {"stacked",
       [](std::mt19937& r) {
         return std::vector<Layer>{{"a", "LSTM", RandomLstm(3, 12, r)},
                                   {"b", "LSTM", RandomLstm(12, 8, r)},
                                   {"b", "LSTM", LastStep{}},
                                   {"c", "Dense", RandomDense(8, 6, r)},
                                   {"c", "Dense", Activate{Function::kTanh}},
                                   {"d", "Dense", RandomDense(6, 4, r)}};
       }},
      {"pools",
       [](std::mt19937& r) {
         return std::vector<Layer>{{"a", "Conv1D", RandomConv(3, 8, 3, r)},
                                   {"a", "Conv1D", Activate{Function::kRelu6}},
                                   {"b", "AveragePooling1D", Pool1d{.is_max = false}},
                                   {"c", "LSTM", RandomLstm(8, 8, r)},
                                   {"d", "GlobalMaxPooling1D", GlobalPool{.is_max = true}},
                                   {"e", "Dense", RandomDense(8, 3, r)}};
       }},
      {"flat",
       [](std::mt19937& r) {
         return std::vector<Layer>{{"a", "Dense", RandomDense(3, 5, r)},
                                   {"a", "Dense", Activate{Function::kSigmoid}},
                                   {"b", "LSTM", RandomLstm(5, 6, r)},
                                   {"c", "Activation", Activate{Function::kRelu}},
                                   {"d", "Flatten", Flatten{}},
                                   {"e", "Dense", RandomDense(60, 3, r)},
                                   {"e", "Dense", Activate{Function::kSoftmax}}};
       }},
      {"mean",
       [](std::mt19937& r) {
         return std::vector<Layer>{{"a", "LSTM", RandomLstm(3, 10, r)},
                                   {"b", "GlobalAveragePooling1D", GlobalPool{}},
                                   {"c", "Dense", RandomDense(10, 2, r)}};
       }},
  };
  for (const Case& c : cases) {
    std::mt19937 random(11);
    Net net{.steps = 10, .features = 3, .layers = c.layers(random)};
    const Imported done = MustImport(std::move(net), RandomWindows(400, 10, 3, random));
    EXPECT_EQ(done.agreement.windows, 400U) << c.name;
    EXPECT_GE(done.agreement.share(), 0.95) << c.name;
    EXPECT_LT(done.agreement.error_mean, 0.02) << c.name;
    EXPECT_TRUE(model::ReadTflite(done.tflite)) << c.name;
  }
}

TEST(Import, IsFullInt8AndTheSameEveryTime) {
  std::mt19937 random(12);
  const Net net = ConvLstmNet(random);
  const Windows windows = RandomWindows(50, 10, 3, random);
  const Imported one = MustImport(net, windows), two = MustImport(net, windows);
  EXPECT_EQ(one.tflite, two.tflite);
  const auto graph = model::ReadTflite(one.tflite);
  ASSERT_TRUE(graph);
  for (const model::Op& op : graph->ops)
    EXPECT_EQ(graph->tensors[static_cast<size_t>(op.outputs[0])].type, model::TensorType::kInt8);
  EXPECT_EQ(graph->tensors[static_cast<size_t>(graph->inputs[0])].shape,
            (std::vector<int32_t>{1, 10, 3}));
}

TEST(Import, LogitsGetASoftmaxAndOneSigmoidTwoClasses) {
  std::mt19937 random(13);
  const Windows windows = RandomWindows(100, 10, 3, random);
  const Imported logits = MustImport(ConvLstmNet(random), windows);
  EXPECT_EQ(logits.decision, Decision::kClass);
  EXPECT_EQ(logits.notes.size(), 1U);
  Net net = ConvLstmNet(random);
  net.layers.back() = {"out", "Dense", RandomDense(6, 1, random)};
  const Imported value = MustImport(net, windows);
  EXPECT_EQ(value.decision, Decision::kValue);
  EXPECT_EQ(value.outputs, 1U);
  net.layers.push_back({"out", "Dense", Activate{Function::kSigmoid}});
  const Imported binary = MustImport(net, windows);
  EXPECT_EQ(binary.decision, Decision::kClass);
  EXPECT_EQ(binary.outputs, 2U);
  EXPECT_NEAR(binary.float_outputs[0] + binary.float_outputs[1], 1, 1e-6);
}

TEST(Import, RefusesWhatDisagreesAndSaysHowMuch) {
  std::mt19937 random(14);
  Windows windows = RandomWindows(100, 10, 3, random);
  for (size_t i = 0; i < windows.values.size(); i += 3) windows.values[i] *= 10000;
  Net net = ConvLstmNet(random);
  const auto done = Import(net, windows, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kConflict);
  EXPECT_NE(done.error().what.find("of 100 windows"), std::string::npos) << done.error().what;
}

// Features of unlike size behind a Normalization: folded they share one scale, outside they do not.
TEST(Import, NormalizationOutsideTakesUnlikeFeatures) {
  std::mt19937 random(15);
  Windows windows = RandomWindows(200, 10, 3, random);
  Net net{.steps = 10, .features = 3};
  Affine norm{.gain = {1, 0.001F, 100}, .offset = {-5, 0.5F, 1}};
  for (size_t i = 0; i < windows.values.size(); ++i) {
    float& x = windows.values[i];
    x = (x - norm.offset[i % 3]) / norm.gain[i % 3];
  }
  net.layers = {{"norm", "Normalization", norm},
                {"a", "LSTM", RandomLstm(3, 12, random)},
                {"a", "LSTM", LastStep{}},
                {"b", "Dense", RandomDense(12, 3, random)}};
  const auto folded = Import(net, windows, {});
  ASSERT_FALSE(folded);
  EXPECT_NE(folded.error().what.find("--normalization outside"), std::string::npos);
  const Imported outside = MustImport(net, windows, {.fold_normalization = false});
  ASSERT_TRUE(outside.standardise);
  EXPECT_EQ(outside.standardise->gain, norm.gain);
  EXPECT_GE(outside.agreement.share(), 0.97);
}

TEST(Import, NamesWindowsOfAnotherShapeAndAnswersPerStep) {
  std::mt19937 random(16);
  const auto shape = Import(ConvLstmNet(random), RandomWindows(5, 10, 4, random), {});
  ASSERT_FALSE(shape);
  EXPECT_NE(shape.error().what.find("10 steps x 3 features, the data holds 5 of 10 x 4"),
            std::string::npos)
      << shape.error().what;
  Net open{.steps = 0, .features = 3, .layers = {{"a", "LSTM", RandomLstm(3, 4, random)}}};
  const auto sequence = Import(open, RandomWindows(5, 7, 3, random), {});
  ASSERT_FALSE(sequence);
  EXPECT_NE(sequence.error().what.find("answers in every step, 7 x 4"), std::string::npos)
      << sequence.error().what;
}

TEST(Import, CellsBeyondTheIntegerKernelAreAnError) {
  std::mt19937 random(17);
  Net net{.steps = 200, .features = 1};
  Lstm l = RandomLstm(1, 2, random);
  for (size_t g = 0; g < model::kGates; ++g) l.biases[g].assign(2, 9);
  net.layers = {
      {"a", "LSTM", l}, {"a", "LSTM", LastStep{}}, {"b", "Dense", RandomDense(2, 2, random)}};
  const auto done = Import(net, RandomWindows(3, 200, 1, random), {});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().what.find("layer 'a' (LSTM)"), std::string::npos) << done.error().what;
}

TEST(ReadModel, NamesFilesThatAreNoModels) {
  const std::string h5 = "\x89HDF\r\n\x1a\n";
  const auto legacy = ReadModel(std::as_bytes(std::span(h5)), "old.h5", 1);
  ASSERT_FALSE(legacy);
  EXPECT_NE(legacy.error().what.find("old.h5 is a legacy .h5 file"), std::string::npos);
  EXPECT_FALSE(ReadModel({}, "empty", 1));
}

}  // namespace
}  // namespace millwright::importer
