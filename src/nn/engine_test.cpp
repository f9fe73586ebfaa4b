#include "nn/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "model/testing/random_model.h"
#include "model/tflite.h"
#include "nn/session.h"
#include "nn/testing/graph_parts.h"

namespace millwright::nn {
namespace {

using model::Graph;
using model::OpCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::In;
using testing::Options;
using testing::Out;

Graph SmallModel(uint64_t seed) {
  return model::testing::RandomModel(
      {.seed = seed, .units_max = 6, .inputs_max = 5, .steps_max = 4});
}

// The first random model that holds this operator, and where.
std::pair<Graph, size_t> ModelWith(OpCode code) {
  for (uint64_t seed = 1; seed < 200; ++seed) {
    Graph graph = SmallModel(seed);
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      if (graph.ops[i].code == code) return {std::move(graph), i};
    }
  }
  ADD_FAILURE() << "no random model holds " << model::Name(code);
  return {};
}

TEST(Engine, RunsEveryRandomModel) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const auto bytes = model::WriteTflite(SmallModel(seed));
    ASSERT_TRUE(bytes);
    const auto engine = Engine::Load(*bytes);
    ASSERT_TRUE(engine) << "seed " << seed << ": " << engine.error().what;
    Session session(*engine);
    session.Invoke();
    EXPECT_GT((*engine)->multiply_accumulates(), 0);
    EXPECT_GT((*engine)->weight_bytes(), 0U);
    EXPECT_GT((*engine)->state_bytes(), 0U);
  }
}

TEST(Engine, ListsAllUnsupportedOperatorsOnce) {
  constexpr auto kGather = static_cast<OpCode>(36), kHardSwish = static_cast<OpCode>(117);
  Graph graph = SmallModel(1);
  const size_t before = graph.ops.size();
  for (const OpCode code : {kGather, kHardSwish, kGather}) {
    model::Op op = graph.ops.back();
    op.code = code;
    op.options = std::monostate{};
    graph.tensors.push_back(graph.tensors[static_cast<size_t>(op.outputs[0])]);
    op.outputs = {static_cast<int32_t>(graph.tensors.size() - 1)};
    graph.ops.push_back(op);
  }
  ASSERT_EQ(graph.ops.size(), before + 3);
  EXPECT_THAT(UnsupportedOps(graph), ElementsAre("GATHER", "HARD_SWISH"));
  const auto engine = Engine::Load(graph);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Errc::kUnsupported);
  EXPECT_THAT(engine.error().what, HasSubstr("GATHER, HARD_SWISH"));
}

struct Case {
  const char* name;
  OpCode op;
  std::function<void(Graph&, model::Op&)> break_it;
  Errc want;
  const char* what;
};

class BadOp : public ::testing::TestWithParam<Case> {};

TEST_P(BadOp, IsRefusedWithAReason) {
  auto [graph, index] = ModelWith(GetParam().op);
  ASSERT_FALSE(graph.ops.empty());
  GetParam().break_it(graph, graph.ops[index]);
  const auto engine = Engine::Load(graph);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, GetParam().want) << engine.error().what;
  EXPECT_THAT(engine.error().what, HasSubstr(GetParam().what));
}

constexpr OpCode kLstm = OpCode::kUnidirectionalSequenceLstm;

INSTANTIATE_TEST_SUITE_P(
    Lstm, BadOp,
    ::testing::Values(
        Case{"time_major_shape", kLstm,
             [](Graph&, model::Op& op) { Options<model::LstmOptions>(op).time_major = true; },
             Errc::kInvalid, "state of shape"},
        Case{"half_coupled_gates", kLstm,
             [](Graph&, model::Op& op) { op.inputs[1] = op.inputs[12] = -1; }, Errc::kInvalid,
             "input 5 is there"},
        Case{"lone_peephole", kLstm, [](Graph&, model::Op& op) { op.inputs[9] = op.inputs[12]; },
             Errc::kInvalid, "peephole"},
        Case{"peephole_type", kLstm,
             [](Graph&, model::Op& op) {
               op.inputs[9] = op.inputs[10] = op.inputs[11] = op.inputs[12];
             },
             Errc::kUnsupported, "a peephole weight is int32"},
        Case{"projection_shape", kLstm,
             [](Graph&, model::Op& op) { op.inputs[16] = op.inputs[12]; }, Errc::kInvalid,
             "the projection has shape"},
        Case{"lone_projection_bias", kLstm,
             [](Graph&, model::Op& op) { op.inputs[17] = op.inputs[12]; }, Errc::kInvalid,
             "input 17 is there"},
        Case{"lone_layer_norm", kLstm, [](Graph&, model::Op& op) { op.inputs[20] = op.inputs[12]; },
             Errc::kInvalid, "layer norm"},
        Case{"relu", kLstm,
             [](Graph&, model::Op& op) {
               Options<model::LstmOptions>(op).activation = model::Activation::kRelu;
             },
             Errc::kUnsupported, "TANH"},
        Case{"few_inputs", kLstm, [](Graph&, model::Op& op) { op.inputs.resize(12); },
             Errc::kInvalid, "20 or 24"},
        Case{"no_bias", kLstm, [](Graph&, model::Op& op) { op.inputs[13] = -1; }, Errc::kInvalid,
             "input 13 is missing"},
        Case{"cell_scale", kLstm,
             [](Graph& g, model::Op& op) { In(g, op, 19).quantization.scales[0] = 0.0003F; },
             Errc::kInvalid, "power of two"},
        Case{"cell_scale_range", kLstm,
             [](Graph& g, model::Op& op) { In(g, op, 19).quantization.scales[0] = 0.25F; },
             Errc::kUnsupported, "2^-2"},
        Case{"cell_zero_point", kLstm,
             [](Graph& g, model::Op& op) { In(g, op, 19).quantization.zero_points[0] = 1; },
             Errc::kInvalid, "cell state"},
        Case{"negative_clip", kLstm,
             [](Graph&, model::Op& op) { Options<model::LstmOptions>(op).cell_clip = -1; },
             Errc::kInvalid, "clip"},
        Case{"intermediates", kLstm, [](Graph&, model::Op& op) { op.intermediates.clear(); },
             Errc::kUnsupported, "intermediate"},
        Case{"hidden_scale", kLstm,
             [](Graph& g,
                model::Op&
                    op) { g.tensors[static_cast<size_t>(op.intermediates[4])].quantization = {}; },
             Errc::kInvalid, "intermediate 4"},
        Case{"huge_weight_scale", kLstm,
             [](Graph& g, model::Op& op) { In(g, op, 2).quantization.scales[0] = 1e38F; },
             Errc::kInvalid, "scales"},
        Case{"asymmetric_weights", kLstm,
             [](Graph& g, model::Op& op) { In(g, op, 2).quantization.zero_points[0] = 5; },
             Errc::kInvalid, "zero point"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Others, BadOp,
    ::testing::Values(
        Case{"dense_bias_length", OpCode::kFullyConnected,
             [](Graph& g, model::Op& op) {
               g.tensors.push_back({.type = model::TensorType::kInt32,
                                    .shape = {99},
                                    .data = std::vector<std::byte>(396)});
               op.inputs.resize(3);
               op.inputs[2] = static_cast<int32_t>(g.tensors.size() - 1);
             },
             Errc::kInvalid, "a bias of shape [99]"},
        Case{"dense_tanh", OpCode::kFullyConnected,
             [](Graph&, model::Op& op) {
               Options<model::FullyConnectedOptions>(op).activation = model::Activation::kTanh;
             },
             Errc::kUnsupported, "activation"},
        Case{"dense_unquantized", OpCode::kFullyConnected,
             [](Graph& g, model::Op& op) { In(g, op, 1).quantization = {}; }, Errc::kInvalid,
             "not quantized"},
        Case{"softmax_output", OpCode::kSoftmax,
             [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] = 0.1F; },
             Errc::kInvalid, "1/256"},
        Case{"softmax_beta", OpCode::kSoftmax,
             [](Graph&, model::Op& op) { Options<model::SoftmaxOptions>(op).beta = 0; },
             Errc::kInvalid, "beta"},
        Case{"softmax_depth", OpCode::kSoftmax,
             [](Graph& g, model::Op& op) {
               In(g, op, 0).shape = Out(g, op).shape = {1, 600};
             },
             Errc::kInvalid, ""},
        Case{"logistic_output", OpCode::kLogistic,
             [](Graph& g, model::Op& op) { Out(g, op).quantization.scales[0] = 0.1F; },
             Errc::kInvalid, "1/256"},
        Case{"slice_zero_stride", OpCode::kStridedSlice,
             [](Graph& g, model::Op& op) {
               In(g, op, 3).data.assign(In(g, op, 3).data.size(), std::byte{0});
             },
             Errc::kInvalid, "stride of zero"},
        Case{"slice_offset", OpCode::kStridedSlice,
             [](Graph&, model::Op& op) { Options<model::StridedSliceOptions>(op).offset = true; },
             Errc::kUnsupported, "offset"},
        Case{"slice_shape", OpCode::kStridedSlice,
             [](Graph& g, model::Op& op) { Out(g, op).shape.push_back(1); }, Errc::kInvalid, ""},
        Case{"reshape_count", OpCode::kReshape,
             [](Graph& g, model::Op& op) { Out(g, op).shape.push_back(2); }, Errc::kInvalid,
             "cannot become"},
        Case{"quantize_type", OpCode::kQuantize,
             [](Graph& g, model::Op& op) { In(g, op, 0).type = model::TensorType::kInt64; },
             Errc::kUnsupported, "int64"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace millwright::nn
