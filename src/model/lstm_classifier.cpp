#include "model/lstm_classifier.h"

#include <cmath>
#include <cstring>
#include <span>

namespace millwright::model {
namespace {

constexpr float kCellClip = 10;  // what Keras writes
constexpr int32_t kAbsent = -1;

template <typename T>
std::vector<std::byte> ToBytes(const std::vector<T>& values) {
  std::vector<std::byte> out(values.size() * sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

class Builder {
 public:
  explicit Builder(const QuantizedClassifier& c) : c_(c) {}

  Graph Build() {
    graph_.description = c_.description;
    int32_t at =
        Activation("input", {1, c_.steps, c_.features}, c_.input_scale, c_.input_zero_point);
    graph_.inputs = {at};
    float in_scale = c_.input_scale;
    int inputs = c_.features;
    for (size_t i = 0; i < c_.layers.size(); ++i) {
      at = Lstm("lstm_" + std::to_string(i), at, c_.layers[i], inputs, in_scale);
      in_scale = c_.layers[i].hidden_scale;
      inputs = c_.layers[i].units;
    }
    at = LastStep(at);
    at = Dense(at, inputs, in_scale);
    graph_.outputs = {c_.regression ? at : Softmax(at)};
    return std::move(graph_);
  }

 private:
  int32_t Add(Tensor tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(graph_.tensors.size()) - 1;
  }

  int32_t Activation(const std::string& name, std::vector<int32_t> shape, float scale,
                     int zero_point, TensorType type = TensorType::kInt8,
                     bool is_variable = false) {
    return Add({.name = name,
                .type = type,
                .shape = std::move(shape),
                .quantization = {.scales = {scale}, .zero_points = {zero_point}},
                .is_variable = is_variable});
  }

  template <typename T>
  int32_t Constant(const std::string& name, TensorType type, const std::vector<int32_t>& shape,
                   const std::vector<T>& values, const std::vector<float>& scales) {
    return Add(
        {.name = name,
         .type = type,
         .shape = shape,
         .quantization = {.scales = scales, .zero_points = std::vector<int64_t>(scales.size())},
         .data = ToBytes(values)});
  }

  // The 24 inputs and 5 intermediates of the op; what Keras does not use is absent.
  int32_t Lstm(const std::string& name, int32_t input, const QuantizedLstm& l, int inputs,
               float in_scale) {
    static constexpr const char* kGateNames[kGates] = {"input", "forget", "cell", "output"};
    Op op{.code = OpCode::kUnidirectionalSequenceLstm,
          .inputs = std::vector<int32_t>(24, kAbsent),
          .options = LstmOptions{.cell_clip = kCellClip}};
    op.inputs[0] = input;
    for (size_t g = 0; g < kGates; ++g) {
      const std::string gate = name + "/" + kGateNames[g];
      op.inputs[1 + g] = Constant(gate + "/input_weights", TensorType::kInt8, {l.units, inputs},
                                  l.input_weights[g], {l.input_scales[g]});
      op.inputs[5 + g] =
          Constant(gate + "/recurrent_weights", TensorType::kInt8, {l.units, l.units},
                   l.recurrent_weights[g], {l.recurrent_scales[g]});
      op.inputs[12 + g] = Constant(gate + "/bias", TensorType::kInt32, {l.units}, l.biases[g],
                                   {in_scale * l.input_scales[g]});
    }
    op.inputs[18] = Activation(name + "/hidden_state", {1, l.units}, l.hidden_scale,
                               l.hidden_zero_point, TensorType::kInt8, true);
    op.inputs[19] = Activation(name + "/cell_state", {1, l.units}, std::ldexp(1.0F, -l.cell_shift),
                               0, TensorType::kInt16, true);
    for (size_t g = 0; g < kGates; ++g)
      op.intermediates.push_back(Add({.name = name + "/" + kGateNames[g] + "/intermediate",
                                      .type = TensorType::kFloat32,
                                      .shape = {0}}));
    op.intermediates.push_back(
        Activation(name + "/hidden_intermediate", {0}, l.hidden_scale, l.hidden_zero_point));
    op.outputs = {Activation(name, {1, c_.steps, l.units}, l.hidden_scale, l.hidden_zero_point)};
    graph_.ops.push_back(op);
    return op.outputs[0];
  }

  // x[:, -1, :]
  int32_t LastStep(int32_t input) {
    const QuantizedLstm& l = c_.layers.back();
    const auto vector = [&](const char* name, const std::vector<int32_t>& values) {
      return Constant(name, TensorType::kInt32, {3}, values, {});
    };
    Op op{.code = OpCode::kStridedSlice,
          .version = 2,
          .inputs = {input, vector("last/begin", {0, -1, 0}), vector("last/end", {0, 0, 0}),
                     vector("last/strides", {1, 1, 1})},
          .options = StridedSliceOptions{.begin_mask = 5, .end_mask = 5, .shrink_axis_mask = 2}};
    op.outputs = {Activation("last", {1, l.units}, l.hidden_scale, l.hidden_zero_point)};
    graph_.ops.push_back(op);
    return op.outputs[0];
  }

  int32_t Dense(int32_t input, int inputs, float in_scale) {
    const QuantizedDense& d = c_.dense;
    std::vector<float> bias_scales;
    for (const float scale : d.scales) bias_scales.push_back(in_scale * scale);
    Op op{.code = OpCode::kFullyConnected, .version = 4, .options = FullyConnectedOptions{}};
    op.inputs = {
        input,
        Constant("dense/weights", TensorType::kInt8, {d.classes, inputs}, d.weights, d.scales),
        Constant("dense/bias", TensorType::kInt32, {d.classes}, d.biases, bias_scales)};
    op.outputs = {Activation(c_.regression ? "values" : "logits", {1, d.classes}, d.logits_scale,
                             d.logits_zero_point)};
    graph_.ops.push_back(op);
    return op.outputs[0];
  }

  int32_t Softmax(int32_t input) {
    Op op{.code = OpCode::kSoftmax, .version = 2, .inputs = {input}, .options = SoftmaxOptions{}};
    op.outputs = {
        Activation("probabilities", {1, c_.dense.classes}, kSoftmaxScale, kSoftmaxZeroPoint)};
    graph_.ops.push_back(op);
    return op.outputs[0];
  }

  const QuantizedClassifier& c_;
  Graph graph_;
};

Result<void> CheckCount(const std::string& what, size_t got, size_t want) {
  if (got == want) return {};
  return Fail(Errc::kInvalid, "classifier: " + what + " holds " + std::to_string(got) +
                                  " values, wanted " + std::to_string(want));
}

Result<void> CheckLayer(const std::string& name, const QuantizedLstm& l, size_t inputs) {
  const auto units = static_cast<size_t>(l.units);
  if (l.units < 1) return Fail(Errc::kInvalid, "classifier: " + name + " has no units");
  // The kernel's tanh takes 0 to 6 integer bits.
  if (l.cell_shift < 9 || l.cell_shift > 15)
    return Fail(Errc::kInvalid, "classifier: " + name + ": cell_shift " +
                                    std::to_string(l.cell_shift) + " is not within 9..15");
  for (size_t g = 0; g < kGates; ++g) {
    MW_TRY(CheckCount(name + ".input_weights", l.input_weights[g].size(), units * inputs));
    MW_TRY(CheckCount(name + ".recurrent_weights", l.recurrent_weights[g].size(), units * units));
    MW_TRY(CheckCount(name + ".biases", l.biases[g].size(), units));
  }
  return {};
}

}  // namespace

Result<Graph> MakeGraph(const QuantizedClassifier& c) {
  if (c.layers.empty()) return Fail(Errc::kInvalid, "classifier: no LSTM layer");
  if (c.steps < 1 || c.features < 1 || c.dense.classes < (c.regression ? 1 : 2))
    return Fail(Errc::kInvalid, "classifier: steps, features and classes must be there");
  size_t inputs = static_cast<size_t>(c.features);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    MW_TRY(CheckLayer("layers[" + std::to_string(i) + "]", c.layers[i], inputs));
    inputs = static_cast<size_t>(c.layers[i].units);
  }
  const auto classes = static_cast<size_t>(c.dense.classes);
  MW_TRY(CheckCount("dense.weights", c.dense.weights.size(), classes * inputs));
  MW_TRY(CheckCount("dense.scales", c.dense.scales.size(), classes));
  MW_TRY(CheckCount("dense.biases", c.dense.biases.size(), classes));
  return Builder(c).Build();
}

}  // namespace millwright::model
