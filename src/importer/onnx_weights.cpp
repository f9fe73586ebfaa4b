// The operators of an ONNX graph that have weights. Source: ONNX' operator specifications.
#include <algorithm>
#include <array>
#include <cmath>

#include "importer/onnx_node.h"

namespace millwright::importer::onnx {
namespace {

using Axes = std::vector<Axis>;

bool HasShape(const Constant& c, const std::vector<int64_t>& shape) { return c.shape == shape; }

// Neither states to start from nor lengths nor peepholes nor other functions.
Result<void> CheckPlainLstm(const Node& node) {
  const std::vector<std::string> direction = node.Texts("direction");
  if (!direction.empty() && direction[0] != "forward")
    return node.Refuse("runs " + direction[0] + "; forward alone is taken");
  const std::vector<std::string> functions = node.Texts("activations");
  const std::vector<std::string> usual = {"Sigmoid", "Tanh", "Tanh"};
  if (!functions.empty() && functions != usual)
    return node.Refuse("has other activations than Sigmoid, Tanh, Tanh");
  if (node.Has("clip") || node.Int("input_forget", 0) != 0)
    return node.Refuse("clips its cell or couples its gates");
  if (node.Present(4)) return node.Refuse("takes sequence lengths");
  if (node.Present(7)) return node.Refuse("has peepholes");
  for (const size_t state : {size_t{5}, size_t{6}}) {
    if (!node.Present(state)) continue;
    const Constant* c = node.As<Constant>(state);
    if (c == nullptr || std::ranges::any_of(c->floats, [](float x) { return x != 0; }))
      return node.Refuse("starts from a state that is not zero; windows stand alone here");
  }
  return {};
}

// [1, 4 units, columns] in ONNX' order input, output, forget, cell.
std::array<std::vector<float>, model::kGates> Gates(std::span<const float> values) {
  constexpr std::array<size_t, model::kGates> kPlace = {0, 2, 3, 1};
  const size_t block = values.size() / model::kGates;
  std::array<std::vector<float>, model::kGates> out;
  for (size_t g = 0; g < model::kGates; ++g) {
    const auto part = values.subspan(kPlace[g] * block, block);
    out[g].assign(part.begin(), part.end());
  }
  return out;
}

Result<Constant> MatrixOf(const Node& node, const Constant& in, bool transposed) {
  if (in.shape.size() != 2) return node.Refuse("multiplies by something that is no matrix");
  if (!transposed) return TransposeConstant(in, {1, 0});
  return in;  // [outputs x inputs]
}

// Columns from features outermost to time outermost, as Flatten has them here.
void TurnColumns(Dense& dense, Shape turned) {
  const auto steps = static_cast<size_t>(turned.steps), width = static_cast<size_t>(turned.width);
  const std::vector<float> old = dense.weights;
  const size_t inputs = steps * width;
  for (size_t o = 0; o * inputs < old.size(); ++o)
    for (size_t t = 0; t < steps; ++t)
      for (size_t f = 0; f < width; ++f)
        dense.weights[o * inputs + t * width + f] = old[o * inputs + f * steps + t];
}

}  // namespace

Result<std::vector<Value>> TakeLstm(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(CheckPlainLstm(node));
  const bool batch_first = node.Int("layout", 0) != 0;
  const Axes want = batch_first ? Axes{Axis::kBatch, Axis::kTime, Axis::kFeature}
                                : Axes{Axis::kTime, Axis::kBatch, Axis::kFeature};
  if (x->axes != want)
    return node.Refuse("does not read its input's steps, batch and features in this order");
  MW_TRY(const Constant* w, node.Weights(1));
  MW_TRY(const Constant* r, node.Weights(2));
  const int64_t units = r->shape.size() == 3 ? r->shape[2] : 0, inputs = x->shape.width;
  if (units < 1 || units > NetLimits{}.width || !HasShape(*w, {1, 4 * units, inputs}) ||
      !HasShape(*r, {1, 4 * units, units}))
    return node.Refuse("has weights that do not fit its input of " + std::to_string(inputs) +
                       " features");
  Lstm lstm{.inputs = x->shape.width, .units = static_cast<int>(units)};
  lstm.input_weights = Gates(w->floats);
  lstm.recurrent_weights = Gates(r->floats);
  const auto four = static_cast<size_t>(4 * units);
  std::vector<float> bias(four);
  if (node.Present(3)) {
    MW_TRY(const Constant* b, node.Weights(3));
    if (!HasShape(*b, {1, 8 * units})) return node.Refuse("has biases that do not fit");
    // Of the input and of the recurrence, which are added anyhow.
    for (size_t i = 0; i < four; ++i) bias[i] = b->floats[i] + b->floats[four + i];
  }
  lstm.biases = Gates(bias);
  MW_TRY(Flow y, Emit(node, *x, std::move(lstm)));
  MW_TRY(Flow last, Emit(node, y, LastStep{}));
  y.axes = batch_first ? Axes{Axis::kBatch, Axis::kTime, Axis::kOne, Axis::kFeature}
                       : Axes{Axis::kTime, Axis::kOne, Axis::kBatch, Axis::kFeature};
  last.axes = batch_first ? Axes{Axis::kBatch, Axis::kOne, Axis::kFeature}
                          : Axes{Axis::kOne, Axis::kBatch, Axis::kFeature};
  return std::vector<Value>{std::move(y), std::move(last)};
}

// weights [outputs, inputs, kernel]
Result<std::vector<Value>> TakeConv(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const Constant* w, node.Weights(1));
  if (x->axes != Axes{Axis::kBatch, Axis::kFeature, Axis::kTime} || w->shape.size() != 3)
    return node.Refuse("is not a convolution over time, [batch, features, steps]");
  if (node.Int("group", 1) != 1) return node.Refuse("has groups");
  const std::vector<std::string> padding = node.Texts("auto_pad");
  if (!padding.empty() && padding[0] != "NOTSET" && padding[0] != "VALID")
    return node.Refuse("pads by itself (" + padding[0] + "); export explicit pads");
  const auto one = [&](std::string_view attribute) {
    const std::vector<int64_t> list = node.IntList(attribute);
    return list.size() == 1 ? std::clamp<int64_t>(list[0], 0, 65536) : int64_t{list.empty()};
  };
  for (const int64_t n : w->shape)
    if (n < 1 || n > NetLimits{}.width) return node.Refuse("has weights out of range");
  Conv1d c{.inputs = static_cast<int>(w->shape[1]), .outputs = static_cast<int>(w->shape[0])};
  c.kernel = static_cast<int>(w->shape[2]);
  c.stride = static_cast<int>(one("strides"));
  c.dilation = static_cast<int>(one("dilations"));
  c.pad_before = x->pad_before;
  c.pad_after = x->pad_after;
  if (const std::vector<int64_t> pads = node.IntList("pads"); pads.size() == 2) {
    c.pad_before += static_cast<int>(std::clamp<int64_t>(pads[0], -1, 65536));
    c.pad_after += static_cast<int>(std::clamp<int64_t>(pads[1], -1, 65536));
  }
  MW_TRY(Constant turned, TransposeConstant(*w, {0, 2, 1}));
  c.weights = std::move(turned.floats);
  c.biases.resize(static_cast<size_t>(c.outputs));
  if (node.Present(2)) {
    MW_TRY(const Constant* b, node.Weights(2));
    c.biases = b->floats;
  }
  Flow in = *x;
  in.pad_before = in.pad_after = 0;
  MW_TRY(Flow out, Emit(node, std::move(in), std::move(c)));
  return std::vector<Value>{std::move(out)};
}

// Gemm: x * matrix + bias; MatMul: the product alone.
Result<std::vector<Value>> TakeDense(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const Constant* w, node.Weights(1));
  const bool gemm = node.op() == "Gemm";
  if (x->axes.empty() || x->axes.back() != Axis::kFeature || (gemm && x->axes.size() != 2))
    return node.Refuse("does not multiply features, its input's last axis");
  const float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
  if (node.Int("transA", 0) != 0) return node.Refuse("turns its input");
  MW_TRY(Constant matrix, MatrixOf(node, *w, gemm && node.Int("transB", 0) != 0));
  if (matrix.shape[0] < 1 || matrix.shape[0] > NetLimits{}.width ||
      matrix.shape[1] != x->shape.width)
    return node.Refuse("has weights that do not fit its input of " +
                       std::to_string(x->shape.width) + " features");
  Dense dense{.inputs = x->shape.width, .outputs = static_cast<int>(matrix.shape[0])};
  dense.weights = std::move(matrix.floats);
  if (gemm)
    for (float& v : dense.weights) v *= alpha;
  dense.biases.resize(static_cast<size_t>(dense.outputs));
  if (gemm && node.Present(2)) {
    MW_TRY(const Constant* b, node.Weights(2));
    if (b->count() != dense.biases.size() && b->count() != 1)
      return node.Refuse("has biases that do not fit");
    for (size_t i = 0; i < dense.biases.size(); ++i)
      dense.biases[i] = beta * b->floats[b->count() == 1 ? 0 : i];
  }
  Flow in = *x;
  if (in.turned != Shape{}) TurnColumns(dense, in.turned);
  in.turned = {};
  MW_TRY(Flow out, Emit(node, std::move(in), std::move(dense)));
  return std::vector<Value>{std::move(out)};
}

// scale * (x - mean) / sqrt(variance + epsilon) + bias
Result<std::vector<Value>> TakeBatchNormalization(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  if (x->axes.size() < 2 || x->axes[1] != Axis::kFeature || node.Int("training_mode", 0) != 0)
    return node.Refuse("does not normalize features outside training");
  std::array<const Constant*, 4> given{};
  const auto width = static_cast<size_t>(x->shape.width);
  for (size_t i = 0; i < given.size(); ++i) {
    MW_TRY(given[i], node.Weights(i + 1));
    if (given[i]->count() != width) return node.Refuse("has weights that do not fit");
  }
  const auto& [scale, bias, mean, variance] = given;
  const float epsilon = node.Float("epsilon", 1e-5F);
  Affine affine;
  for (size_t f = 0; f < width; ++f) {
    affine.gain.push_back(scale->floats[f] / std::sqrt(variance->floats[f] + epsilon));
    affine.offset.push_back(bias->floats[f] - mean->floats[f] * affine.gain[f]);
  }
  MW_TRY(Flow out, Emit(node, *x, std::move(affine)));
  return std::vector<Value>{std::move(out)};
}

}  // namespace millwright::importer::onnx
