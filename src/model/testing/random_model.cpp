#include "model/testing/random_model.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "model/testing/graph_maker.h"

namespace millwright::model::testing {
namespace {

class Maker : private GraphMaker {
 public:
  explicit Maker(const RandomModelOptions& options) : GraphMaker(options.seed), options_(options) {}

  Graph Make() {
    graph_.description = "random model " + std::to_string(options_.seed);
    const int32_t batch = random_.Chance(0.75) ? 1 : random_.Between(2, 4);
    const int32_t steps = random_.Chance(0.15) ? 1 : random_.Between(2, options_.steps_max);
    const int32_t inputs =
        random_.Chance(0.3) ? random_.Between(1, 4) : random_.Between(1, options_.inputs_max);
    int32_t last = Input({batch, steps, inputs});
    const int32_t layers = random_.Pick({1, 1, 1, 2, 2, 3});
    for (int32_t i = 0; i < layers; ++i) {
      last = Lstm(last, i);
      if (random_.Chance(0.1)) last = Requantize(last);
    }
    last = Tail(last);
    const int32_t heads = random_.Pick({1, 1, 1, 2, 3});
    for (int32_t i = 0; i < heads; ++i) Head(last);
    return std::move(graph_);
  }

 private:
  enum class Edge { kInt8, kFloat, kUint8 };

  int32_t Input(std::vector<int32_t> shape) {
    edge_ = random_.Chance(0.25) ? Edge::kFloat : random_.Chance(0.15) ? Edge::kUint8 : Edge::kInt8;
    const int32_t values = Add(Quantized(TensorType::kInt8, shape, Scale(-8, -3), ZeroPoint()));
    int32_t input = values;
    if (edge_ == Edge::kFloat) {
      input = Add({.type = TensorType::kFloat32, .shape = shape});
    } else if (edge_ == Edge::kUint8) {
      const int64_t zero_point = At(values).quantization.zero_points[0] + 128;
      input = Add(Quantized(TensorType::kUint8, shape, ScaleOf(values), zero_point));
    }
    if (input != values) AddOp(OpCode::kQuantize, {input}, values, {});
    graph_.inputs.push_back(input);
    return values;
  }

  void Output(int32_t values) {
    const std::vector<int32_t> shape = At(values).shape;
    int32_t output = values;
    if (edge_ == Edge::kFloat) {
      output = Add({.type = TensorType::kFloat32, .shape = shape});
      AddOp(OpCode::kDequantize, {values}, output, {});
    } else if (edge_ == Edge::kUint8) {
      const int64_t zero_point = At(values).quantization.zero_points[0] + 128;
      output = Add(Quantized(TensorType::kUint8, shape, ScaleOf(values), zero_point));
      AddOp(OpCode::kQuantize, {values}, output, {});
    }
    graph_.outputs.push_back(output);
  }

  int32_t Requantize(int32_t from) {
    const float scale = static_cast<float>(ScaleOf(from) * random_.Real(0.4, 2.5));
    const int32_t to = Add(Quantized(TensorType::kInt8, At(from).shape, scale, ZeroPoint()));
    AddOp(OpCode::kQuantize, {from}, to, {});
    return to;
  }

  int32_t Lstm(int32_t input, int32_t layer) {
    const std::vector<int32_t> shape = At(input).shape;
    const int32_t batch = shape[0], inputs = shape[2];
    const int32_t units =
        random_.Chance(0.2) ? random_.Between(1, 5) : random_.Between(1, options_.units_max);
    const float hidden_scale = static_cast<float>(random_.Real(0.25, 1.4) / 128);
    const int32_t hidden_zero_point = random_.Chance(0.3) ? ZeroPoint() : random_.Between(-12, 12);
    const int cell_log2 = random_.Pick({-15, -14, -13, -12, -12, -11, -11, -10, -9});
    std::vector<int32_t> in(kLstmInputs, -1);
    in[kLstmInput] = input;
    for (size_t g = 0; g < 4; ++g) {
      in[kLstmInputWeights + g] = WeightTensor(units, inputs, ScaleOf(input), random_.Real(0.2, 4));
      in[kLstmRecurrentWeights + g] =
          WeightTensor(units, units, hidden_scale, random_.Real(0.2, 3));
      const float bias_scale = ScaleOf(input) * ScaleOf(in[kLstmInputWeights + g]);
      in[kLstmBias + g] = BiasTensor(units, bias_scale, random_.Pick({0.1, 1.0, 5.0}));
    }
    Tensor state = Quantized(TensorType::kInt8, {batch, units}, hidden_scale, hidden_zero_point);
    state.is_variable = true;
    in[kLstmOutputState] = Add(std::move(state));
    Tensor cell = Quantized(TensorType::kInt16, {batch, units}, std::ldexp(1.0F, cell_log2), 0);
    cell.is_variable = true;
    in[kLstmCellState] = Add(std::move(cell));
    const int32_t output = Add(
        Quantized(TensorType::kInt8, {batch, shape[1], units}, hidden_scale, hidden_zero_point));
    At(output).name = "lstm" + std::to_string(layer);
    LstmOptions options{.cell_clip = random_.Pick({0.0F, 10.0F, 10.0F, 0.75F})};
    AddOp(OpCode::kUnidirectionalSequenceLstm, in, output, options);
    graph_.ops.back().intermediates = Intermediates(hidden_scale, hidden_zero_point);
    return output;
  }

  std::vector<int32_t> Intermediates(float hidden_scale, int32_t hidden_zero_point) {
    std::vector<int32_t> all;
    for (int i = 0; i < 4; ++i) all.push_back(Add({.type = TensorType::kFloat32, .shape = {0}}));
    all.push_back(Add(Quantized(TensorType::kInt8, {0}, hidden_scale, hidden_zero_point)));
    return all;
  }

  // What stands between the last LSTM and the heads.
  int32_t Tail(int32_t sequence) {
    const int32_t kind = random_.Between(0, 9);
    if (kind < 5) return LastStep(sequence);
    if (kind < 7) return OddSlice(sequence);
    if (kind < 9) return Flatten(sequence);
    return sequence;
  }

  int32_t Slice(int32_t from, std::vector<int32_t> shape,
                const std::vector<std::vector<int32_t>>& indices,
                const StridedSliceOptions& masks) {
    Tensor tensor = At(from);
    tensor.name.clear();
    tensor.shape = std::move(shape);
    std::vector<int32_t> inputs{from};
    for (const auto& list : indices) inputs.push_back(Int32Constant(list));
    const int32_t output = Add(std::move(tensor));
    AddOp(OpCode::kStridedSlice, inputs, output, masks);
    return output;
  }

  // x[:, -1, :] as Keras writes it.
  int32_t LastStep(int32_t from) {
    const std::vector<int32_t> s = At(from).shape;
    return Slice(from, {s[0], s[2]}, {{0, -1, 0}, {0, 0, 0}, {1, 1, 1}},
                 {.begin_mask = 5, .end_mask = 5, .shrink_axis_mask = 2});
  }

  int32_t OddSlice(int32_t from) {
    const std::vector<int32_t> s = At(from).shape;
    switch (random_.Between(0, 4)) {
      case 0:  // x[..., ::-1]
        return Slice(from, s, {{0, 0}, {0, 0}, {1, -1}},
                     {.begin_mask = 2, .end_mask = 2, .ellipsis_mask = 1});
      case 1:  // x[:, ::2]
        return Slice(from, {s[0], (s[1] + 1) / 2, s[2]}, {{0, 0}, {0, 0}, {1, 2}},
                     {.begin_mask = 3, .end_mask = 3});
      case 2:  // x[:, newaxis, -1]
        return Slice(from, {s[0], 1, s[2]}, {{0, 0, -1}, {0, 0, 0}, {1, 1, 1}},
                     {.begin_mask = 1, .end_mask = 1, .new_axis_mask = 2, .shrink_axis_mask = 4});
      case 3: {  // x[:, :, a:b] with a far end
        const int32_t first = random_.Between(0, s[2] - 1);
        return Slice(from, {s[0], s[1], s[2] - first},
                     {{0, 0, first}, {9999, 9999, 9999}, {1, 1, 1}}, {});
      }
      default:  // x[:, -1:0:-3]: backwards, without the first
        if (s[1] < 2) return LastStep(from);
        return Slice(from, {s[0], (s[1] - 1 + 2) / 3, s[2]}, {{0, -1, 0}, {0, 0, 0}, {1, -3, 1}},
                     {.begin_mask = 5, .end_mask = 5});
    }
  }

  int32_t Flatten(int32_t from) {
    const std::vector<int32_t> s = At(from).shape;
    Tensor tensor = At(from);
    tensor.name.clear();
    tensor.shape = {s[0], s[1] * s[2]};
    std::vector<int32_t> inputs{from};
    ReshapeOptions options;
    if (random_.Chance(0.5)) {
      inputs.push_back(Int32Constant({s[0], -1}));
    } else {
      options.new_shape = {-1, s[1] * s[2]};
    }
    const int32_t output = Add(std::move(tensor));
    AddOp(OpCode::kReshape, inputs, output, options);
    return output;
  }

  int32_t DenseWeights(int32_t units, int32_t columns, float value_scale, bool per_channel) {
    const std::vector<int8_t> weights = Weights(units * columns);
    const float scale = WeightScale(weights, columns, value_scale, random_.Real(0.5, 6));
    Tensor tensor = Quantized(TensorType::kInt8, {units, columns}, scale, 0);
    tensor.data = Bytes(weights);
    if (per_channel) {
      tensor.quantization.scales.clear();
      for (int32_t u = 0; u < units; ++u) {
        tensor.quantization.scales.push_back(static_cast<float>(scale * random_.Real(0.3, 1.6)));
      }
      tensor.quantization.zero_points.assign(static_cast<size_t>(units), 0);
    }
    return Add(std::move(tensor));
  }

  int32_t DenseBias(int32_t units, float value_scale, int32_t weights) {
    std::vector<int32_t> bias(static_cast<size_t>(units));
    Tensor tensor{.type = TensorType::kInt32, .shape = {units}};
    for (int32_t u = 0; u < units; ++u) {
      const auto& scales = At(weights).quantization.scales;
      const float scale = value_scale * scales[scales.size() == 1 ? 0 : static_cast<size_t>(u)];
      bias[static_cast<size_t>(u)] =
          static_cast<int32_t>(std::clamp(std::round(random_.Normal() / scale), -1e9, 1e9));
      if (u == 0 || scales.size() > 1) tensor.quantization.scales.push_back(scale);
    }
    tensor.quantization.zero_points.assign(tensor.quantization.scales.size(), 0);
    tensor.data = Bytes(bias);
    return Add(std::move(tensor));
  }

  int32_t Dense(int32_t from, int32_t units) {
    const std::vector<int32_t> shape = At(from).shape;
    const int32_t columns = shape.back();
    const int32_t weights = DenseWeights(units, columns, ScaleOf(from), random_.Chance(0.6));
    std::vector<int32_t> inputs{from, weights};
    if (random_.Chance(0.75)) {
      inputs.push_back(DenseBias(units, ScaleOf(from), weights));
    } else if (random_.Chance(0.5)) {
      inputs.push_back(-1);
    }
    FullyConnectedOptions options;
    options.activation = random_.Pick({Activation::kNone, Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6, Activation::kReluN1To1});
    options.keep_num_dims = shape.size() > 2 && random_.Chance(0.8);
    std::vector<int32_t> out{static_cast<int32_t>(ElementCount(shape)) / columns, units};
    if (options.keep_num_dims) {
      out = shape;
      out.back() = units;
    }
    const int32_t output = Add(Quantized(TensorType::kInt8, out, Scale(-7, -2), ZeroPoint()));
    AddOp(OpCode::kFullyConnected, inputs, output, options);
    // keep_num_dims came with version 5.
    if (options.keep_num_dims) graph_.ops.back().version = 5;
    return output;
  }

  void Head(int32_t from) {
    int32_t last = from;
    if (random_.Chance(0.4)) last = Dense(last, random_.Between(1, 24));
    last = Dense(last, random_.Chance(0.2) ? 1 : random_.Between(2, 20));
    const std::vector<int32_t> shape = At(last).shape;
    const int32_t kind = random_.Between(0, 9);
    if (kind < 6) {
      const int32_t output = Add(Quantized(TensorType::kInt8, shape, 1.0F / 256, -128));
      AddOp(OpCode::kSoftmax, {last}, output,
            SoftmaxOptions{.beta = random_.Pick({1.0F, 1.0F, 0.5F, 2.0F})});
      last = output;
    } else if (kind < 9) {
      const int32_t output = Add(Quantized(TensorType::kInt8, shape, 1.0F / 256, -128));
      AddOp(OpCode::kLogistic, {last}, output, {});
      last = output;
    }
    Output(last);
  }

  RandomModelOptions options_;
  Edge edge_ = Edge::kInt8;
};

}  // namespace

Graph RandomModel(const RandomModelOptions& options) { return Maker(options).Make(); }

}  // namespace millwright::model::testing
