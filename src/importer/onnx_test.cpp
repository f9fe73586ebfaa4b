#include "importer/onnx.h"

#include <gtest/gtest.h>

#include <functional>

#include "importer/import.h"
#include "importer/onnx.pb.h"
#include "importer/onnx_constant.h"
#include "importer/testing/nets.h"

namespace millwright::importer {
namespace {

// PyTorch 1.13 made these files, of the same network as the Keras files: import_fixtures.py.
class OnnxGolden : public testing::TestWithParam<const char*> {};

TEST_P(OnnxGolden, AnswersAsPyTorchDoes) {
  const auto windows = ReadWindows(Golden("windows.npy"), "windows.npy");
  const auto want = ReadWindows(Golden("want.npy"), "want.npy");
  ASSERT_TRUE(windows && want);
  const auto done = Import(Golden(GetParam()), GetParam(), *windows, {.agreement_min = 0});
  ASSERT_TRUE(done) << done.error().what;
  ASSERT_EQ(done->float_outputs.size(), want->values.size());
  for (size_t i = 0; i < want->values.size(); ++i)
    EXPECT_NEAR(done->float_outputs[i], want->values[i], 1e-5F) << i;
}
INSTANTIATE_TEST_SUITE_P(Files, OnnxGolden, testing::Values("plain.onnx", "last_state.onnx"));

// A model in the making: an LSTM of 2 units over [batch, 5, 3] and a matrix to 2 classes.
struct Draft {
  onnx::ModelProto model;
  onnx::GraphProto* graph = model.mutable_graph();

  Draft() {
    model.set_ir_version(7);
    model.add_opset_import()->set_version(13);
    Input("x", {0, 5, 3});
    graph->add_output()->set_name("out");
    std::mt19937 random(3);
    Weights("W", {1, 8, 3}, Draw(24, 1, random));
    Weights("R", {1, 8, 2}, Draw(16, 1, random));
    Weights("M", {2, 2}, Draw(4, 1, random));
  }
  void Input(const std::string& name, const std::vector<int64_t>& dims) {
    auto* input = graph->add_input();
    input->set_name(name);
    auto* shape = input->mutable_type()->mutable_tensor_type()->mutable_shape();
    for (const int64_t n : dims) shape->add_dim()->set_dim_value(n);
  }
  void Weights(const std::string& name, const std::vector<int64_t>& dims,
               const std::vector<float>& values) {
    auto* tensor = graph->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(1);
    for (const int64_t n : dims) tensor->add_dims(n);
    for (const float v : values) tensor->add_float_data(v);
  }
  void Numbers(const std::string& name, const std::vector<int64_t>& values) {
    auto* tensor = graph->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(7);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (const int64_t v : values) tensor->add_int64_data(v);
  }
  onnx::NodeProto* Add(const std::string& op, const std::vector<std::string>& inputs,
                       const std::string& output) {
    auto* node = graph->add_node();
    node->set_op_type(op);
    node->set_name("/" + op + "_" + output);
    for (const auto& input : inputs) node->add_input(input);
    node->add_output(output);
    return node;
  }
  static void Ints(onnx::NodeProto* node, const std::string& name,
                   const std::vector<int64_t>& values) {
    auto* a = node->add_attribute();
    a->set_name(name);
    for (const int64_t v : values) a->add_ints(v);
  }
  static void Set(onnx::NodeProto* node, const std::string& name, int64_t value) {
    auto* a = node->add_attribute();
    a->set_name(name);
    a->set_i(value);
  }
  static void Set(onnx::NodeProto* node, const std::string& name, const std::string& value) {
    auto* a = node->add_attribute();
    a->set_name(name);
    a->set_s(value);
  }
  // x -> time first -> LSTM -> y_h without its first axis, in "h"
  onnx::NodeProto* AddLstm() {
    Ints(Add("Transpose", {"x"}, "t"), "perm", {1, 0, 2});
    auto* lstm = Add("LSTM", {"t", "W", "R"}, "y");
    lstm->add_output("y_h");
    Numbers("zero", {0});
    Add("Squeeze", {"y_h", "zero"}, "h");
    return lstm;
  }
  void AddHead(const std::string& from) { Add("MatMul", {from, "M"}, "out"); }
  [[nodiscard]] Result<Net> Read() const {
    const std::string bytes = model.SerializeAsString();
    return ReadOnnx(std::as_bytes(std::span(bytes)), 5);
  }
};

TEST(Onnx, GatesComeInTheirOrder) {
  Draft draft;
  draft.AddLstm();
  draft.AddHead("h");
  const auto net = draft.Read();
  ASSERT_TRUE(net) << net.error().what;
  ASSERT_EQ(net->layers.size(), 3U);
  const Lstm& lstm = std::get<Lstm>(net->layers[0].op);
  const auto& w = draft.graph->initializer(0).float_data();
  // ONNX: input, output, forget, cell; here: input, forget, cell, output; 6 values each.
  EXPECT_EQ(lstm.input_weights[0][0], w[0]);
  EXPECT_EQ(lstm.input_weights[1][0], w[12]);
  EXPECT_EQ(lstm.input_weights[2][0], w[18]);
  EXPECT_EQ(lstm.input_weights[3][0], w[6]);
  EXPECT_EQ(net->layers[0].name, "/LSTM_y");
}

TEST(Onnx, TakesTheOtherWaysToWriteIt) {
  Draft layout;  // batch first by the operator itself
  Draft::Set(layout.Add("LSTM", {"x", "W", "R"}, "y"), "layout", 1);
  layout.Numbers("two", {2});
  layout.Add("Squeeze", {"y", "two"}, "s");
  layout.Numbers("last", {-1});
  layout.Numbers("end", {9223372036854775807});
  layout.Numbers("one", {1});
  layout.Add("Slice", {"s", "last", "end", "one"}, "l");
  layout.Add("Squeeze", {"l", "one"}, "h");
  layout.AddHead("h");
  const auto net = layout.Read();
  ASSERT_TRUE(net) << net.error().what;
  EXPECT_TRUE(std::holds_alternative<LastStep>(net->layers[1].op));

  Draft reshaped;  // [1, batch, units] to [batch, units]
  Draft::Ints(reshaped.Add("Transpose", {"x"}, "t"), "perm", {1, 0, 2});
  reshaped.Add("LSTM", {"t", "W", "R"}, "y")->add_output("y_h");
  reshaped.Numbers("shape", {-1, 2});
  reshaped.Add("Reshape", {"y_h", "shape"}, "h");
  reshaped.AddHead("h");
  EXPECT_TRUE(reshaped.Read()) << reshaped.Read().error().what;

  Draft time_first;  // the model's own input is time first
  time_first.Add("LSTM", {"x", "W", "R"}, "y")->add_output("y_h");
  time_first.Numbers("zero", {0});
  time_first.Add("Squeeze", {"y_h", "zero"}, "h");
  time_first.AddHead("h");
  const auto turned = time_first.Read();
  ASSERT_TRUE(turned) << turned.error().what;
}

// [batch, features, steps] flattened as it stands: the matrix's columns are turned.
TEST(Onnx, FlattenOfFeaturesFirstTurnsTheMatrix) {
  Draft draft;
  Draft::Ints(draft.Add("Transpose", {"x"}, "t"), "perm", {0, 2, 1});
  std::mt19937 random(5);
  const std::vector<float> kernel = Draw(6, 1, random), matrix = Draw(20, 1, random);
  draft.Weights("K", {2, 3, 1}, kernel);
  draft.Add("Conv", {"t", "K"}, "c");
  draft.Add("Flatten", {"c"}, "f");
  draft.Weights("N", {10, 2}, matrix);
  draft.Add("MatMul", {"f", "N"}, "out");
  const auto net = draft.Read();
  ASSERT_TRUE(net) << net.error().what;
  const Dense& dense = std::get<Dense>(net->layers.back().op);
  for (size_t t = 0; t < 5; ++t)
    for (size_t f = 0; f < 2; ++f)
      for (size_t o = 0; o < 2; ++o)
        EXPECT_EQ(dense.weights[o * 10 + t * 2 + f], matrix[(f * 5 + t) * 2 + o]);
}

TEST(Onnx, NamesWhatItDoesNotTake) {
  struct Case {
    const char* says;
    std::function<void(Draft&)> make;
  };
  const Case cases[] = {
      {"'/GRU_y' (GRU) cannot be taken",
       [](Draft& d) {
         d.Add("GRU", {"x", "W", "R"}, "y");
         d.AddHead("y");
       }},
      {"runs bidirectional",
       [](Draft& d) {
         Draft::Set(d.AddLstm(), "direction", std::string("bidirectional"));
         d.AddHead("h");
       }},
      {"other activations",
       [](Draft& d) {
         auto* a = d.AddLstm()->add_attribute();
         a->set_name("activations");
         a->add_strings("HardSigmoid");
         d.AddHead("h");
       }},
      {"starts from a state that is not zero",
       [](Draft& d) {
         d.Weights("H", {1, 1, 2}, {0, 0.5F});
         auto* lstm = d.AddLstm();
         for (const char* input : {"", "", "H", "H"}) lstm->add_input(input);
         d.AddHead("h");
       }},
      {"sequence lengths",
       [](Draft& d) {
         d.Numbers("lengths", {4});
         auto* lstm = d.AddLstm();
         for (const char* input : {"", "lengths"}) lstm->add_input(input);
         d.AddHead("h");
       }},
      {"joins branches",
       [](Draft& d) {
         d.AddLstm();
         d.Add("Add", {"h", "h"}, "sum");
         d.AddHead("sum");
       }},
      {"takes step 1 of 5",
       [](Draft& d) {
         d.AddLstm();
         d.Numbers("one", {1});
         Draft::Set(d.Add("Gather", {"y", "one"}, "g"), "axis", 0);
         d.AddHead("g");
       }},
      {"does not fit its input of 3",
       [](Draft& d) {
         d.graph->mutable_initializer(0)->set_dims(2, 4);
         for (int i = 0; i < 8; ++i) d.graph->mutable_initializer(0)->add_float_data(0);
         d.AddLstm();
         d.AddHead("h");
       }},
      {"2 inputs",
       [](Draft& d) {
         d.Input("h0", {1, 1, 2});
         d.AddLstm();
         d.AddHead("h");
       }},
      {"of the domain 'com.microsoft'",
       [](Draft& d) {
         d.AddLstm();
         d.Add("Gelu", {"h"}, "g")->set_domain("com.microsoft");
         d.AddHead("g");
       }},
      {"lies in another file",
       [](Draft& d) {
         d.graph->mutable_initializer(0)->set_data_location(1);
         d.AddLstm();
         d.AddHead("h");
       }},
      {"holds 24 values where its shape says 27",
       [](Draft& d) { d.graph->mutable_initializer(0)->set_dims(1, 9); }},
      {"which no node before it gives", [](Draft& d) { d.AddHead("nothing"); }},
      {"operator set 3", [](Draft& d) { d.model.mutable_opset_import(0)->set_version(3); }},
      {"no node computes the output", [](Draft&) {}},
  };
  for (const Case& c : cases) {
    Draft draft;
    c.make(draft);
    const auto net = draft.Read();
    ASSERT_FALSE(net) << c.says;
    std::string says = net.error().what;
    // "do not fit" and "does not fit" are one.
    if (const size_t at = says.find("do not fit"); at != std::string::npos)
      says.replace(at, 2, "does");
    EXPECT_NE(says.find(c.says), std::string::npos) << c.says << " / " << net.error().what;
  }
}

TEST(Onnx, DamagedFilesAreErrors) {
  for (const char* name : {"plain.onnx", "last_state.onnx"}) {
    const std::vector<std::byte> whole = Golden(name);
    ASSERT_FALSE(whole.empty());
    EXPECT_TRUE(LooksLikeOnnx(whole));
    for (size_t length = 0; length < whole.size(); length += 7)
      EXPECT_FALSE(ReadOnnx(std::span(whole).first(length), 14)) << length;
    std::mt19937 random(8);
    for (int i = 0; i < 2000; ++i) {
      std::vector<std::byte> bytes = whole;
      for (int flips = 0; flips < 1 + i % 12; ++flips)
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      (void)ReadOnnx(bytes, 14);
    }
  }
}

// Structures, not bytes, changed: what parses and means nothing.
TEST(Onnx, MixedUpGraphsAreErrors) {
  const std::vector<std::byte> whole = Golden("plain.onnx");
  std::mt19937 random(9);
  for (int i = 0; i < 1500; ++i) {
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromArray(whole.data(), static_cast<int>(whole.size())));
    onnx::GraphProto& graph = *model.mutable_graph();
    const auto any = [&](int count) {
      return static_cast<int>(random() % static_cast<unsigned>(count));
    };
    for (int changes = 0; changes < 1 + i % 4; ++changes) {
      onnx::NodeProto& node = *graph.mutable_node(any(graph.node_size()));
      onnx::NodeProto& other = *graph.mutable_node(any(graph.node_size()));
      onnx::TensorProto& tensor = *graph.mutable_initializer(any(graph.initializer_size()));
      switch (any(6)) {
        case 0:
          node.set_op_type(other.op_type());
          break;
        case 1:
          if (node.input_size() > 0 && other.output_size() > 0)
            node.set_input(any(node.input_size()), other.output(0));
          break;
        case 2:
          if (tensor.dims_size() > 0)
            tensor.set_dims(any(tensor.dims_size()), static_cast<int64_t>(random()) - 100);
          break;
        case 3:
          if (node.input_size() > 0) node.mutable_input()->RemoveLast();
          break;
        case 4:
          for (auto& a : *node.mutable_attribute())
            for (auto& n : *a.mutable_ints()) n = any(9) - 4;
          break;
        default:
          if (node.input_size() > 0) node.set_input(any(node.input_size()), tensor.name());
      }
    }
    const std::string bytes = model.SerializeAsString();
    (void)ReadOnnx(std::as_bytes(std::span(bytes)), 14);
  }
}

TEST(OnnxConstant, CutsTurnsAndJoins) {
  onnx::Constant m{.shape = {2, 3}, .floats = {0, 1, 2, 3, 4, 5}};
  EXPECT_EQ(onnx::TransposeConstant(m, {1, 0})->floats, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(onnx::SliceConstant(m, {1, -2, 99, 1})->floats, (std::vector<float>{1, 2, 4, 5}));
  EXPECT_EQ(onnx::SliceConstant(m, {0, -1, -99, -1})->floats,
            (std::vector<float>{3, 4, 5, 0, 1, 2}));
  EXPECT_EQ(onnx::ConcatConstants({m, m}, 1)->floats,
            (std::vector<float>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(onnx::GatherConstant(m, onnx::Ints({-1}), 1)->floats, (std::vector<float>{2, 5}));
  EXPECT_EQ(onnx::ReshapeConstant(m, {3, -1})->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_FALSE(onnx::ReshapeConstant(m, {4, -1}));
  EXPECT_FALSE(onnx::TransposeConstant(m, {0, 0}));
  EXPECT_FALSE(onnx::GatherConstant(m, onnx::Ints({3}), 1));
  EXPECT_FALSE(onnx::FillConstant(onnx::Ints({0}), {1 << 30, 1 << 30, 1 << 30}));
  EXPECT_FALSE(onnx::CombineConstants("Add", m, onnx::Ints({1})));
  EXPECT_EQ(onnx::CombineConstants("Div", m, {.floats = {2}})->floats[3], 1.5F);
}

}  // namespace
}  // namespace millwright::importer
