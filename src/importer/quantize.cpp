#include "importer/quantize.h"

#include <algorithm>
#include <cmath>

#include "model/graph_builder.h"
#include "trainer/quantize_layer.h"

namespace millwright::importer {
namespace {

using model::OpCode;

// What TensorFlow Lite fixes these two operators' int8 outputs to.
constexpr float kTanhScale = 1.0F / 128.0F;
constexpr float kLogisticScale = 1.0F / 256.0F;
constexpr int kLogisticZeroPoint = -128;

// The four gates' input and recurrent weights, rounded together by what the layer read.
void RoundLstm(const Lstm& l, const Moments& moments, float in_scale, model::QuantizedLstm& q) {
  const auto inputs = static_cast<size_t>(l.inputs), units = static_cast<size_t>(l.units);
  for (size_t g = 0; g < model::kGates; ++g) {
    std::vector<float> both;
    for (size_t u = 0; u < units; ++u) {
      const auto x = std::span(l.input_weights[g]).subspan(u * inputs, inputs);
      const auto h = std::span(l.recurrent_weights[g]).subspan(u * units, units);
      both.insert(both.end(), x.begin(), x.end());
      both.insert(both.end(), h.begin(), h.end());
    }
    const Rounded rounded = RoundTogether(both, l.biases[g], moments, [&](size_t, size_t i) {
      return i < inputs ? q.input_scales[g] : q.recurrent_scales[g];
    });
    for (size_t u = 0; u < units; ++u) {
      const auto row = std::span(rounded.weights).subspan(u * (inputs + units), inputs + units);
      std::ranges::copy(row.first(inputs),
                        q.input_weights[g].begin() + static_cast<std::ptrdiff_t>(u * inputs));
      std::ranges::copy(row.last(units),
                        q.recurrent_weights[g].begin() + static_cast<std::ptrdiff_t>(u * units));
      q.biases[g][u] = trainer::ToBias(rounded.biases[u], in_scale * q.input_scales[g]);
    }
  }
}

void RoundDense(const Dense& d, const Moments& moments, float in_scale, model::QuantizedDense& q) {
  Rounded rounded =
      RoundTogether(d.weights, d.biases, moments, [&](size_t o, size_t) { return q.scales[o]; });
  q.weights = std::move(rounded.weights);
  for (size_t o = 0; o < q.biases.size(); ++o)
    q.biases[o] = trainer::ToBias(rounded.biases[o], in_scale * q.scales[o]);
}

class Quantizer {
 public:
  Quantizer(const Net& net, const NetRanges& ranges, const std::string& description)
      : net_(net), ranges_(ranges), builder_(description) {}

  Result<model::Graph> Build() {
    const trainer::AffineScale in = trainer::Asymmetric(ranges_.input);
    at_ = builder_.Input("input", {1, net_.steps, net_.features}, in.scale, in.zero_point);
    for (i_ = 0; i_ < net_.layers.size(); ++i_) {
      name_ = std::to_string(i_) + "/" + layer().name;
      MW_TRY(std::visit([&](const auto& op) { return Take(op); }, layer().op));
    }
    return builder_.Finish(at_);
  }

 private:
  const Layer& layer() const { return net_.layers[i_]; }

  Result<void> Take(const Lstm& l) {
    MW_TRY(model::QuantizedLstm q, trainer::QuantizeLstm(l, Where(layer()), ranges_.out[i_],
                                                         ranges_.cell[i_], builder_.scale(at_)));
    if (!ranges_.moments[i_].empty()) RoundLstm(l, ranges_.moments[i_], builder_.scale(at_), q);
    at_ = builder_.Lstm(name_, at_, q);
    return {};
  }

  Result<void> Take(const Dense& d) {
    const auto [activation, range] = FuseNext();
    MW_TRY(model::QuantizedDense q,
           trainer::QuantizeDense(d.weights, d.biases, Where(layer()), range, builder_.scale(at_)));
    if (!ranges_.moments[i_].empty()) RoundDense(d, ranges_.moments[i_], builder_.scale(at_), q);
    at_ = builder_.Dense(name_, name_ + "/out", at_, q, activation);
    i_ += activation == model::Activation::kNone ? 0 : 1;
    return {};
  }

  // CONV_2D over an image one row high.
  Result<void> Take(const Conv1d& c) {
    const int32_t out_steps = layer().out.steps;
    const auto [activation, range] = FuseNext();
    MW_TRY(const model::QuantizedDense q,
           trainer::QuantizeDense(c.weights, c.biases, Where(layer()), range, builder_.scale(at_)));
    if (c.pad_before > 0 || c.pad_after > 0) Pad(c.pad_before, c.pad_after);
    ToImage();
    std::vector<float> bias_scales;
    for (const float s : q.scales) bias_scales.push_back(builder_.scale(at_) * s);
    const std::vector<int32_t> filter = {c.outputs, 1, c.kernel, c.inputs};
    model::Op op{.code = OpCode::kConv2d,
                 .options = model::Conv2dOptions{.padding = model::Padding::kValid,
                                                 .stride_width = c.stride,
                                                 .dilation_width = c.dilation,
                                                 .activation = activation}};
    op.inputs = {at_,
                 builder_.Constant(name_ + "/weights", model::TensorType::kInt8, filter, q.weights,
                                   q.scales),
                 builder_.Constant(name_ + "/bias", model::TensorType::kInt32, {c.outputs},
                                   q.biases, bias_scales)};
    at_ = builder_.Any(std::move(op), name_ + "/conv", {1, 1, out_steps, c.outputs}, q.logits_scale,
                       q.logits_zero_point);
    Reshape({1, out_steps, c.outputs}, "/out");
    i_ += activation == model::Activation::kNone ? 0 : 1;
    return {};
  }

  // The means of int8 values stay inside their range, so both pools keep the scale.
  Result<void> Take(const Pool1d& p) {
    const Shape out = layer().out;
    ToImage();
    const model::Op op{
        .code = p.is_max ? OpCode::kMaxPool2d : OpCode::kAveragePool2d,
        .inputs = {at_},
        .options = model::Pool2dOptions{
            .padding = model::Padding::kValid, .stride_width = p.stride, .filter_width = p.size}};
    Same(op, "/pool", {1, 1, out.steps, out.width});
    Reshape({1, out.steps, out.width}, "/out");
    return {};
  }

  Result<void> Take(const LastStep&) {
    at_ = builder_.LastStep(name_, at_);
    return {};
  }

  Result<void> Take(const GlobalPool& p) {
    const model::Op op{.code = p.is_max ? OpCode::kReduceMax : OpCode::kMean,
                       .inputs = {at_, builder_.Indices(name_ + "/axis", {1})},
                       .options = model::ReduceOptions{}};
    if (p.is_max) {
      Same(op, "", {1, layer().out.width});
    } else {
      const trainer::AffineScale out = trainer::Asymmetric(ranges_.out[i_]);
      at_ = builder_.Any(op, name_, {1, layer().out.width}, out.scale, out.zero_point);
    }
    return {};
  }

  Result<void> Take(const Flatten&) {
    Reshape({1, layer().out.width}, "");
    return {};
  }

  Result<void> Take(const Affine&) {
    return Fail(Errc::kInternal, "import: " + Where(layer()) + " was not folded");
  }

  Result<void> Take(const Activate& a) {
    model::Op op{.inputs = {at_}};
    const std::vector<int32_t> shape = builder_.tensor(at_).shape;
    switch (a.function) {
      case Function::kRelu:
      case Function::kRelu6: {
        op.code = a.function == Function::kRelu ? OpCode::kRelu : OpCode::kRelu6;
        const trainer::AffineScale out = trainer::Asymmetric(ranges_.out[i_]);
        at_ = builder_.Any(op, name_, shape, out.scale, out.zero_point);
        return {};
      }
      case Function::kTanh:
        op.code = OpCode::kTanh;
        at_ = builder_.Any(op, name_, shape, kTanhScale, 0);
        return {};
      case Function::kSigmoid:
        op.code = OpCode::kLogistic;
        at_ = builder_.Any(op, name_, shape, kLogisticScale, kLogisticZeroPoint);
        return {};
      case Function::kSoftmax:
        at_ = builder_.Softmax(name_, at_);
        return {};
    }
    return {};
  }

  struct Fused {
    model::Activation activation;
    trainer::Range range;  // what comes out
  };
  // A RELU behind a layer with weights costs nothing and needs no range of its own.
  Fused FuseNext() const {
    if (i_ + 1 < net_.layers.size()) {
      const auto* next = std::get_if<Activate>(&net_.layers[i_ + 1].op);
      if (next != nullptr && next->function == Function::kRelu)
        return {model::Activation::kRelu, ranges_.out[i_ + 1]};
      if (next != nullptr && next->function == Function::kRelu6)
        return {model::Activation::kRelu6, ranges_.out[i_ + 1]};
    }
    return {model::Activation::kNone, ranges_.out[i_]};
  }

  // Operators that move values and change none keep scale and zero point.
  void Same(model::Op op, const std::string& suffix, std::vector<int32_t> shape) {
    at_ = builder_.Any(std::move(op), name_ + suffix, std::move(shape), builder_.scale(at_),
                       builder_.zero_point(at_));
  }

  void Reshape(const std::vector<int32_t>& shape, const std::string& suffix) {
    const model::Op op{.code = OpCode::kReshape,
                       .inputs = {at_, builder_.Indices(name_ + suffix + "/shape", shape)},
                       .options = model::ReshapeOptions{.new_shape = shape}};
    Same(op, suffix, shape);
  }

  void ToImage() {
    const std::vector<int32_t>& in = builder_.tensor(at_).shape;
    Reshape({1, 1, in[1], in[2]}, "/image");
  }

  // PAD fills with the zero point, which is a real zero.
  void Pad(int before, int after) {
    const std::vector<int32_t> in = builder_.tensor(at_).shape;
    const std::vector<int32_t> paddings = {0, 0, before, after, 0, 0};
    const model::Op op{
        .code = OpCode::kPad,
        .inputs = {at_, builder_.Constant(name_ + "/paddings", model::TensorType::kInt32, {3, 2},
                                          paddings, {})}};
    Same(op, "/pad", {1, in[1] + before + after, in[2]});
  }

  const Net& net_;
  const NetRanges& ranges_;
  model::GraphBuilder builder_;
  size_t i_ = 0;
  int32_t at_ = 0;
  std::string name_;
};

bool IsFinite(const trainer::Range& r) { return std::isfinite(r.low) && std::isfinite(r.high); }

}  // namespace

Result<model::Graph> QuantizeNet(const Net& net, const NetRanges& ranges,
                                 const std::string& description) {
  const size_t layers = net.layers.size();
  if (ranges.out.size() != layers || ranges.cell.size() != layers ||
      ranges.moments.size() != layers)
    return Fail(Errc::kInternal, "import: no calibration ranges");
  for (size_t i = 0; i < net.layers.size(); ++i)
    if (!IsFinite(ranges.out[i]) || !IsFinite(ranges.cell[i]))
      return Fail(Errc::kInvalid,
                  "import: " + Where(net.layers[i]) + " overflows on the calibration windows");
  return Quantizer(net, ranges, description).Build();
}

}  // namespace millwright::importer
