#include "model/tflite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "model/testing/random_model.h"

namespace millwright::model {
namespace {

using ::testing::HasSubstr;

Graph SmallModel(uint64_t seed = 5) {
  return testing::RandomModel({.seed = seed, .units_max = 6, .inputs_max = 5, .steps_max = 4});
}

std::vector<std::byte> SmallFile(uint64_t seed = 5) { return *WriteTflite(SmallModel(seed)); }

TEST(Tflite, ReadsWhatItWrote) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const auto first = WriteTflite(SmallModel(seed));
    ASSERT_TRUE(first) << first.error().what;
    const auto graph = ReadTflite(*first);
    ASSERT_TRUE(graph) << graph.error().what;
    const auto second = WriteTflite(*graph);
    ASSERT_TRUE(second) << second.error().what;
    EXPECT_EQ(*first, *second) << "seed " << seed;
  }
}

TEST(Tflite, KeepsEveryField) {
  const Graph written = SmallModel();
  const Graph read = *ReadTflite(SmallFile());
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (size_t i = 0; i < read.tensors.size(); ++i) {
    EXPECT_EQ(read.tensors[i].name, written.tensors[i].name);
    EXPECT_EQ(read.tensors[i].type, written.tensors[i].type);
    EXPECT_EQ(read.tensors[i].shape, written.tensors[i].shape);
    EXPECT_EQ(read.tensors[i].data, written.tensors[i].data);
    EXPECT_EQ(read.tensors[i].is_variable, written.tensors[i].is_variable);
    EXPECT_EQ(read.tensors[i].quantization.scales, written.tensors[i].quantization.scales);
    EXPECT_EQ(read.tensors[i].quantization.zero_points,
              written.tensors[i].quantization.zero_points);
  }
  EXPECT_EQ(read.inputs, written.inputs);
  EXPECT_EQ(read.outputs, written.outputs);
  EXPECT_EQ(read.description, written.description);
}

TEST(Tflite, ReadsFromUnalignedMemory) {
  const std::vector<std::byte> file = SmallFile();
  std::vector<std::byte> shifted(file.size() + 1);
  std::memcpy(shifted.data() + 1, file.data(), file.size());
  EXPECT_TRUE(ReadTflite(std::span(shifted).subspan(1)));
}

TEST(Tflite, EveryTruncationIsAnError) {
  const std::vector<std::byte> file = SmallFile();
  for (size_t size = 0; size < file.size(); size += 1 + size / 64) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::vector<std::byte> cut(file.begin(),
                                     file.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ReadTflite(cut)) << size << " of " << file.size() << " bytes";
  }
}

TEST(Tflite, EveryFlippedByteIsAnErrorOrAReadableGraph) {
  std::vector<std::byte> file = SmallFile();
  for (size_t i = 0; i < file.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      file[i] ^= static_cast<std::byte>(flip);
      const auto graph = ReadTflite(file);
      if (graph) {
        EXPECT_TRUE(CheckGraph(*graph));
      } else {
        EXPECT_THAT(graph.error().what, HasSubstr("tflite: "));
      }
      file[i] ^= static_cast<std::byte>(flip);
    }
  }
}

struct Case {
  const char* name;
  std::function<void(Graph&)> break_it;
  Errc want;
  const char* what;
};

class BrokenGraph : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenGraph, IsRefusedWithAReason) {
  Graph graph = SmallModel();
  GetParam().break_it(graph);
  const auto checked = CheckGraph(graph);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, GetParam().want) << checked.error().what;
  EXPECT_THAT(checked.error().what, HasSubstr(GetParam().what));
  EXPECT_FALSE(WriteTflite(graph));
}

Tensor& FirstConstant(Graph& graph) {
  for (Tensor& tensor : graph.tensors) {
    if (!tensor.data.empty()) return tensor;
  }
  return graph.tensors[0];
}

Tensor& FirstState(Graph& graph) {
  for (Tensor& tensor : graph.tensors) {
    if (tensor.is_variable) return tensor;
  }
  return graph.tensors[0];
}

INSTANTIATE_TEST_SUITE_P(
    Tflite, BrokenGraph,
    ::testing::Values(
        Case{"negative_dimension", [](Graph& g) { g.tensors[0].shape[0] = -1; }, Errc::kInvalid,
             "negative dimension"},
        Case{"huge_shape",
             [](Graph& g) {
               g.tensors[0].shape = {1 << 30, 1 << 30, 1 << 30};
             },
             Errc::kExhausted, "larger than"},
        Case{"many_dimensions", [](Graph& g) { g.tensors[0].shape.assign(9, 1); }, Errc::kExhausted,
             "9 dimensions"},
        Case{"short_data", [](Graph& g) { FirstConstant(g).data.pop_back(); }, Errc::kInvalid,
             "its buffer has"},
        Case{"state_with_data", [](Graph& g) { FirstConstant(g).is_variable = true; },
             Errc::kInvalid, "state tensor"},
        Case{"zero_scale", [](Graph& g) { FirstState(g).quantization.scales[0] = 0; },
             Errc::kInvalid, "scale"},
        Case{"nan_scale",
             [](Graph& g) {
               FirstState(g).quantization.scales[0] = std::numeric_limits<float>::quiet_NaN();
             },
             Errc::kInvalid, "scale"},
        Case{"infinite_scale",
             [](Graph& g) {
               FirstState(g).quantization.scales[0] = std::numeric_limits<float>::infinity();
             },
             Errc::kInvalid, "scale"},
        Case{"zero_point_outside",
             [](Graph& g) { FirstState(g).quantization.zero_points[0] = 128; }, Errc::kInvalid,
             "zero point 128"},
        Case{"missing_zero_point", [](Graph& g) { FirstState(g).quantization.zero_points.clear(); },
             Errc::kInvalid, "zero points"},
        Case{"channels_without_axis",
             [](Graph& g) {
               FirstState(g).quantization = {{1, 1, 1}, {0, 0, 0}, 7};
             },
             Errc::kInvalid, "axis 7"},
        Case{"input_index", [](Graph& g) { g.inputs = {100000}; }, Errc::kInvalid,
             "list of inputs"},
        Case{"no_output", [](Graph& g) { g.outputs.clear(); }, Errc::kInvalid,
             "no input or no output"},
        Case{"op_index", [](Graph& g) { g.ops[0].inputs[0] = -2; }, Errc::kInvalid,
             "names tensor -2"},
        Case{"absent_output", [](Graph& g) { g.ops[0].outputs[0] = -1; }, Errc::kInvalid,
             "names tensor -1"},
        Case{"read_before_write", [](Graph& g) { std::swap(g.ops.front(), g.ops.back()); },
             Errc::kInvalid, "before anything wrote it"},
        Case{"written_twice", [](Graph& g) { g.ops.push_back(g.ops.back()); }, Errc::kInvalid,
             "has a value already"},
        Case{"writes_a_constant", [](Graph& g) { g.ops[0].outputs[0] = g.ops[0].inputs[1]; },
             Errc::kInvalid, "has a value already"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Tflite, OtherFilesAreNamedAsSuch) {
  const std::string text = "#!/bin/sh\necho hello\n";
  const auto graph = ReadTflite(std::as_bytes(std::span(text)));
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().what, HasSubstr("TFL3"));
}

TEST(Tflite, AFileBeyondTheLimitIsExhausted) {
  const auto graph = ReadTflite(SmallFile(), {.file_bytes = 100});
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Errc::kExhausted);
}

TEST(Tflite, WritesOnlyOperatorsWhoseOptionsItKeeps) {
  Graph graph = SmallModel();
  graph.ops[0].code = static_cast<OpCode>(36);
  graph.ops[0].options = std::monostate{};
  const auto bytes = WriteTflite(graph);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Errc::kUnsupported);
  EXPECT_THAT(bytes.error().what, HasSubstr("GATHER"));
}

TEST(Tflite, RefusesAnotherOperatorsOptions) {
  Graph graph = SmallModel();
  graph.ops[0].code = OpCode::kConv2d;
  graph.ops[0].options = SoftmaxOptions{};
  const auto bytes = WriteTflite(graph);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Errc::kInvalid);
}

// One operator of this kind between an input and an output; the reader does not judge whether they
// make sense.
Graph WithOp(OpCode code, OpOptions options) {
  Graph graph;
  graph.tensors = {{.name = "in", .shape = {2}}, {.name = "out", .shape = {2}}};
  graph.inputs = {0};
  graph.outputs = {1};
  graph.ops = {{.code = code, .inputs = {0}, .outputs = {1}, .options = std::move(options)}};
  return graph;
}

template <typename T>
T ReadBack(OpCode code, const T& options) {
  const auto bytes = WriteTflite(WithOp(code, options));
  EXPECT_TRUE(bytes) << Name(code);
  const auto graph = ReadTflite(*bytes);
  EXPECT_TRUE(graph) << Name(code);
  EXPECT_EQ(graph->ops[0].code, code);
  return std::get<T>(graph->ops[0].options);
}

TEST(Tflite, KeepsWindowOptions) {
  const Conv2dOptions conv{Padding::kValid, 2, 3, 4, 5, Activation::kRelu6};
  const auto same = [&](const Conv2dOptions& read) {
    EXPECT_EQ(read.padding, conv.padding);
    EXPECT_EQ(read.stride_width, conv.stride_width);
    EXPECT_EQ(read.stride_height, conv.stride_height);
    EXPECT_EQ(read.dilation_width, conv.dilation_width);
    EXPECT_EQ(read.dilation_height, conv.dilation_height);
    EXPECT_EQ(read.activation, conv.activation);
  };
  same(ReadBack(OpCode::kConv2d, conv));
  const auto depthwise = ReadBack(OpCode::kDepthwiseConv2d, DepthwiseConv2dOptions{conv, 7});
  same(depthwise.conv);
  EXPECT_EQ(depthwise.depth_multiplier, 7);
  for (const OpCode code : {OpCode::kAveragePool2d, OpCode::kMaxPool2d}) {
    const auto pool = ReadBack(code, Pool2dOptions{Padding::kValid, 2, 3, 4, 5, Activation::kRelu});
    EXPECT_EQ(pool.padding, Padding::kValid);
    EXPECT_EQ(pool.stride_width, 2);
    EXPECT_EQ(pool.stride_height, 3);
    EXPECT_EQ(pool.filter_width, 4);
    EXPECT_EQ(pool.filter_height, 5);
    EXPECT_EQ(pool.activation, Activation::kRelu);
  }
}

TEST(Tflite, KeepsTheOtherOptions) {
  for (const OpCode code : {OpCode::kAdd, OpCode::kSub}) {
    const auto read = ReadBack(code, ArithmeticOptions{Activation::kReluN1To1, false});
    EXPECT_EQ(read.activation, Activation::kReluN1To1);
    EXPECT_FALSE(read.pot_scale_int16);
  }
  EXPECT_EQ(ReadBack(OpCode::kMul, ArithmeticOptions{Activation::kRelu, true}).activation,
            Activation::kRelu);
  EXPECT_EQ(ReadBack(OpCode::kConcatenation, ConcatenationOptions{.axis = -2}).axis, -2);
  for (const OpCode code : {OpCode::kPack, OpCode::kUnpack}) {
    const auto read = ReadBack(code, StackOptions{3, -1});
    EXPECT_EQ(read.count, 3);
    EXPECT_EQ(read.axis, -1);
  }
  EXPECT_EQ(ReadBack(OpCode::kSqueeze, SqueezeOptions{{0, -1}}).axes,
            (std::vector<int32_t>{0, -1}));
  for (const OpCode code : {OpCode::kMean, OpCode::kReduceMax})
    EXPECT_TRUE(ReadBack(code, ReduceOptions{.keep_dims = true}).keep_dims);
  EXPECT_EQ(ReadBack(OpCode::kSplit, SplitOptions{4}).count, 4);
}

TEST(Graph, CountsSaturateInsteadOfOverflowing) {
  Graph graph = WithOp(OpCode::kConv2d, Conv2dOptions{});
  constexpr int32_t kHuge = std::numeric_limits<int32_t>::max();
  graph.tensors[1].shape = {kHuge, kHuge};
  graph.tensors.push_back({.shape = {1, kHuge, kHuge, 1}});
  graph.ops[0].inputs = {0, 2};
  EXPECT_EQ(MultiplyAccumulates(graph), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Work(graph), std::numeric_limits<int64_t>::max());
}

TEST(Graph, NamesOperatorsAndCountsWork) {
  EXPECT_EQ(Name(OpCode::kUnidirectionalSequenceLstm), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  EXPECT_EQ(Name(OpCode::kQuantize), "QUANTIZE");
  EXPECT_EQ(Name(static_cast<OpCode>(999)), "BUILTIN_999");
  EXPECT_EQ(OpName({.code = OpCode::kCustom, .custom_name = "FlexRoll"}), "CUSTOM(FlexRoll)");
  EXPECT_EQ(ShapeText(std::vector<int32_t>{1, 64, 8}), "[1,64,8]");
  EXPECT_EQ(ElementCount({}), 1U);
  EXPECT_GT(MultiplyAccumulates(SmallModel()), 0);
}

}  // namespace
}  // namespace millwright::model
