// Every operator beside the dense LSTM models: what runs, and what is refused and why. That the
// bytes are right is tests/oracles' to prove, against TensorFlow Lite itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>

#include "model/testing/random_ops.h"
#include "model/tflite.h"
#include "nn/session.h"
#include "nn/testing/graph_parts.h"

namespace millwright::nn {
namespace {

using model::Graph;
using model::OpCode;
using ::testing::HasSubstr;
using testing::In;
using testing::Options;
using testing::Out;

TEST(Ops, RandomChainsLoadRunAndSurviveTheFile) {
  std::set<OpCode> seen;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    const Graph graph = model::testing::RandomOps({.seed = seed});
    for (const model::Op& op : graph.ops) seen.insert(op.code);
    const auto bytes = model::WriteTflite(graph);
    ASSERT_TRUE(bytes) << bytes.error().what;
    const auto engine = Engine::Load(*bytes);
    ASSERT_TRUE(engine) << "seed " << seed << ": " << engine.error().what;
    Session session(*engine);
    std::ranges::fill(session.Input(), std::byte{0x5A});
    session.Invoke();
    EXPECT_EQ(*bytes, *model::WriteTflite(*model::ReadTflite(*bytes)));
  }
  EXPECT_EQ(seen.size(), 25U);
}

struct RefusedCase {
  const char* name;
  OpCode op;
  std::function<void(Graph&, model::Op&)> break_it;
  Errc want;
  const char* what;
};

class RefusedOp : public ::testing::TestWithParam<RefusedCase> {};

Graph GraphWith(OpCode code) {
  for (uint64_t seed = 1;; ++seed) {
    Graph graph = model::testing::RandomOps({.seed = seed});
    if (std::ranges::find(graph.ops, code, &model::Op::code) != graph.ops.end()) return graph;
  }
}

TEST_P(RefusedOp, WithAReason) {
  Graph graph = GraphWith(GetParam().op);
  GetParam().break_it(graph, *std::ranges::find(graph.ops, GetParam().op, &model::Op::code));
  const auto engine = Engine::Load(graph);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, GetParam().want) << engine.error().what;
  EXPECT_THAT(engine.error().what, HasSubstr(GetParam().what));
  EXPECT_THAT(engine.error().what, HasSubstr(model::Name(GetParam().op)));
}

// The first number of a constant int32 tensor.
void SetInt(model::Tensor& tensor, int32_t value) {
  std::memcpy(tensor.data.data(), &value, sizeof value);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, RefusedOp,
    ::testing::Values(
        RefusedCase{
            "conv_stride", OpCode::kConv2d,
            [](Graph&, model::Op& op) { Options<model::Conv2dOptions>(op).stride_width = 0; },
            Errc::kInvalid, "below 1"},
        RefusedCase{"conv_padding", OpCode::kConv2d,
                    [](Graph&, model::Op& op) {
                      Options<model::Conv2dOptions>(op).padding = static_cast<model::Padding>(7);
                    },
                    Errc::kUnsupported, "SAME and VALID"},
        RefusedCase{"conv_output", OpCode::kConv2d,
                    [](Graph& g, model::Op& op) { ++Out(g, op).shape[1]; }, Errc::kInvalid,
                    "output extent"},
        RefusedCase{"conv_filter_zero_point", OpCode::kConv2d,
                    [](Graph& g, model::Op& op) { In(g, op, 1).quantization.zero_points[0] = 3; },
                    Errc::kUnsupported, "zero point"},
        RefusedCase{"conv_computed_filter", OpCode::kConv2d,
                    [](Graph&, model::Op& op) { op.inputs[1] = op.inputs[0]; }, Errc::kUnsupported,
                    "its filter is computed"},
        RefusedCase{"conv_far_scales", OpCode::kConv2d,
                    [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] = 1e-30F; },
                    Errc::kInvalid, "scales too far apart"},
        RefusedCase{"depthwise_bias", OpCode::kDepthwiseConv2d,
                    [](Graph&, model::Op& op) {
                      op.inputs.resize(3);
                      op.inputs[2] = op.inputs[1];
                    },
                    Errc::kUnsupported, "its bias is int8"},
        RefusedCase{
            "pool_filter", OpCode::kMaxPool2d,
            [](Graph&, model::Op& op) { Options<model::Pool2dOptions>(op).filter_height = -1; },
            Errc::kInvalid, "below 1"},
        RefusedCase{"pool_scale", OpCode::kAveragePool2d,
                    [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] *= 2; },
                    Errc::kInvalid, "another scale"},
        RefusedCase{"pool_activation", OpCode::kAveragePool2d,
                    [](Graph&, model::Op& op) {
                      Options<model::Pool2dOptions>(op).activation = model::Activation::kTanh;
                    },
                    Errc::kUnsupported, "activation"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Moves, RefusedOp,
    ::testing::Values(
        RefusedCase{"transpose_twice", OpCode::kTranspose,
                    [](Graph& g, model::Op& op) {
                      model::Tensor& order = In(g, op, 1);
                      int32_t second = 0;
                      std::memcpy(&second, order.data.data() + 4, sizeof second);
                      SetInt(order, second);
                    },
                    Errc::kInvalid, "each axis once"},
        RefusedCase{"reverse_axis", OpCode::kReverseV2,
                    [](Graph& g, model::Op& op) { SetInt(In(g, op, 1), 9); }, Errc::kInvalid,
                    "axis 9"},
        RefusedCase{"slice_beyond", OpCode::kSlice,
                    [](Graph& g, model::Op& op) { SetInt(In(g, op, 1), 5000); }, Errc::kInvalid,
                    "outside its input"},
        RefusedCase{"slice_negative", OpCode::kSlice,
                    [](Graph& g, model::Op& op) { SetInt(In(g, op, 2), -2); }, Errc::kInvalid,
                    "outside its input"},
        RefusedCase{"split_count", OpCode::kSplit,
                    [](Graph&, model::Op& op) { ++Options<model::SplitOptions>(op).count; },
                    Errc::kInvalid, "number of parts"},
        RefusedCase{"unpack_count", OpCode::kUnpack,
                    [](Graph&, model::Op& op) { ++Options<model::StackOptions>(op).count; },
                    Errc::kInvalid, "number of outputs"},
        RefusedCase{"pack_axis", OpCode::kPack,
                    [](Graph&, model::Op& op) { Options<model::StackOptions>(op).axis = 40; },
                    Errc::kInvalid, "axis 40"},
        RefusedCase{"concatenation_scale", OpCode::kConcatenation,
                    [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] *= 2; },
                    Errc::kInvalid, "another scale"},
        RefusedCase{"concatenation_length", OpCode::kConcatenation,
                    [](Graph& g, model::Op& op) { Out(g, op).shape.back() += 7; }, Errc::kInvalid,
                    ""},
        RefusedCase{"pad_negative", OpCode::kPad,
                    [](Graph& g, model::Op& op) { SetInt(In(g, op, 1), -1); }, Errc::kInvalid,
                    "negative padding"},
        RefusedCase{"expand_axis", OpCode::kExpandDims,
                    [](Graph& g, model::Op& op) { SetInt(In(g, op, 1), -70); }, Errc::kInvalid,
                    "axis -70"},
        RefusedCase{"squeeze_axis", OpCode::kSqueeze,
                    [](Graph&, model::Op& op) { Options<model::SqueezeOptions>(op).axes = {12}; },
                    Errc::kInvalid, "axis 12"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Values, RefusedOp,
    ::testing::Values(
        RefusedCase{"add_shapes", OpCode::kAdd,
                    [](Graph& g, model::Op& op) { Out(g, op).shape.back() += 1; }, Errc::kInvalid,
                    "its output has shape"},
        RefusedCase{"sub_scales", OpCode::kSub,
                    [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] = 1e-9F; },
                    Errc::kInvalid, "scales too far apart"},
        RefusedCase{"mul_activation", OpCode::kMul,
                    [](Graph&, model::Op& op) {
                      Options<model::ArithmeticOptions>(op).activation =
                          model::Activation::kSignBit;
                    },
                    Errc::kUnsupported, "activation"},
        RefusedCase{"mean_axis", OpCode::kMean,
                    [](Graph& g, model::Op& op) { SetInt(In(g, op, 1), 8); }, Errc::kInvalid,
                    "axis 8"},
        RefusedCase{"max_scale", OpCode::kReduceMax,
                    [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] *= 2; },
                    Errc::kInvalid, "another scale"},
        RefusedCase{"tanh_type", OpCode::kTanh,
                    [](Graph& g, model::Op& op) { Out(g, op).type = model::TensorType::kInt16; },
                    Errc::kUnsupported, "its output is int16"},
        RefusedCase{"relu_shape", OpCode::kRelu,
                    [](Graph& g, model::Op& op) { Out(g, op).shape.push_back(1); }, Errc::kInvalid,
                    "its output has shape"}),
    [](const auto& info) { return std::string(info.param.name); });

// A pool that looks at everything from everywhere: small in the file, endless to run.
TEST(Ops, RefusesEndlessWork) {
  Graph graph;
  const model::Quantization scale{.scales = {0.1F}, .zero_points = {0}};
  graph.tensors = {{.name = "in", .shape = {1, 4000, 4000, 1}, .quantization = scale},
                   {.name = "out", .shape = {1, 4000, 4000, 1}, .quantization = scale}};
  graph.inputs = {0};
  graph.outputs = {1};
  graph.ops = {{.code = OpCode::kAveragePool2d,
                .inputs = {0},
                .outputs = {1},
                .options = model::Pool2dOptions{.filter_width = 4000, .filter_height = 4000}}};
  const auto engine = Engine::Load(graph);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Errc::kExhausted);
}

}  // namespace
}  // namespace millwright::nn
