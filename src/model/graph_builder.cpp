#include "model/graph_builder.h"

#include <cmath>

namespace millwright::model {
namespace {

constexpr float kCellClip = 10;  // what Keras writes
constexpr int32_t kAbsent = -1;

}  // namespace

int32_t GraphBuilder::Add(Tensor tensor) {
  graph_.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph_.tensors.size()) - 1;
}

int32_t GraphBuilder::Computed(const std::string& name, std::vector<int32_t> shape, float scale,
                               int zero_point, TensorType type, bool is_variable) {
  return Add({.name = name,
              .type = type,
              .shape = std::move(shape),
              .quantization = {.scales = {scale}, .zero_points = {zero_point}},
              .is_variable = is_variable});
}

int32_t GraphBuilder::Input(const std::string& name, std::vector<int32_t> shape, float scale,
                            int zero_point) {
  graph_.inputs = {Computed(name, std::move(shape), scale, zero_point)};
  return graph_.inputs[0];
}

int32_t GraphBuilder::Indices(const std::string& name, const std::vector<int32_t>& values) {
  return Constant(name, TensorType::kInt32, {static_cast<int32_t>(values.size())}, values, {});
}

// The 24 inputs and 5 intermediates of the op; what Keras does not use is absent.
int32_t GraphBuilder::Lstm(const std::string& name, int32_t input, const QuantizedLstm& l) {
  static constexpr const char* kGateNames[kGates] = {"input", "forget", "cell", "output"};
  const int32_t steps = tensor(input).shape[1], inputs = tensor(input).shape[2];
  const float in_scale = scale(input);
  Op op{.code = OpCode::kUnidirectionalSequenceLstm,
        .inputs = std::vector<int32_t>(24, kAbsent),
        .options = LstmOptions{.cell_clip = kCellClip}};
  op.inputs[0] = input;
  for (size_t g = 0; g < kGates; ++g) {
    const std::string gate = name + "/" + kGateNames[g];
    op.inputs[1 + g] = Constant(gate + "/input_weights", TensorType::kInt8, {l.units, inputs},
                                l.input_weights[g], {l.input_scales[g]});
    op.inputs[5 + g] = Constant(gate + "/recurrent_weights", TensorType::kInt8, {l.units, l.units},
                                l.recurrent_weights[g], {l.recurrent_scales[g]});
    op.inputs[12 + g] = Constant(gate + "/bias", TensorType::kInt32, {l.units}, l.biases[g],
                                 {in_scale * l.input_scales[g]});
  }
  op.inputs[18] = Computed(name + "/hidden_state", {1, l.units}, l.hidden_scale,
                           l.hidden_zero_point, TensorType::kInt8, true);
  op.inputs[19] = Computed(name + "/cell_state", {1, l.units}, std::ldexp(1.0F, -l.cell_shift), 0,
                           TensorType::kInt16, true);
  for (size_t g = 0; g < kGates; ++g)
    op.intermediates.push_back(Add({.name = name + "/" + kGateNames[g] + "/intermediate",
                                    .type = TensorType::kFloat32,
                                    .shape = {0}}));
  op.intermediates.push_back(
      Computed(name + "/hidden_intermediate", {0}, l.hidden_scale, l.hidden_zero_point));
  op.outputs = {Computed(name, {1, steps, l.units}, l.hidden_scale, l.hidden_zero_point)};
  graph_.ops.push_back(op);
  return op.outputs[0];
}

int32_t GraphBuilder::LastStep(const std::string& name, int32_t input) {
  Op op{.code = OpCode::kStridedSlice,
        .version = 2,
        .inputs = {input, Indices(name + "/begin", {0, -1, 0}), Indices(name + "/end", {0, 0, 0}),
                   Indices(name + "/strides", {1, 1, 1})},
        .options = StridedSliceOptions{.begin_mask = 5, .end_mask = 5, .shrink_axis_mask = 2}};
  op.outputs = {Computed(name, {1, tensor(input).shape[2]}, scale(input), zero_point(input))};
  graph_.ops.push_back(op);
  return op.outputs[0];
}

int32_t GraphBuilder::Dense(const std::string& name, const std::string& out_name, int32_t input,
                            const QuantizedDense& d, model::Activation activation) {
  std::vector<int32_t> shape = tensor(input).shape;
  const int32_t inputs = shape.back();
  shape.back() = d.classes;
  std::vector<float> bias_scales;
  for (const float s : d.scales) bias_scales.push_back(scale(input) * s);
  Op op{.code = OpCode::kFullyConnected,
        .version = 4,
        .options =
            FullyConnectedOptions{.activation = activation, .keep_num_dims = shape.size() > 2}};
  op.inputs = {
      input,
      Constant(name + "/weights", TensorType::kInt8, {d.classes, inputs}, d.weights, d.scales),
      Constant(name + "/bias", TensorType::kInt32, {d.classes}, d.biases, bias_scales)};
  op.outputs = {Computed(out_name, std::move(shape), d.logits_scale, d.logits_zero_point)};
  graph_.ops.push_back(op);
  return op.outputs[0];
}

int32_t GraphBuilder::Softmax(const std::string& name, int32_t input) {
  return Any({.code = OpCode::kSoftmax, .inputs = {input}, .options = SoftmaxOptions{}}, name,
             tensor(input).shape, kSoftmaxScale, kSoftmaxZeroPoint);
}

int32_t GraphBuilder::Any(Op op, const std::string& out_name, std::vector<int32_t> shape,
                          float scale, int zero_point) {
  op.version = Int8Version(op.code);
  op.outputs = {Computed(out_name, std::move(shape), scale, zero_point)};
  graph_.ops.push_back(std::move(op));
  return graph_.ops.back().outputs[0];
}

Graph GraphBuilder::Finish(int32_t output) {
  graph_.outputs = {output};
  return std::move(graph_);
}

}  // namespace millwright::model
