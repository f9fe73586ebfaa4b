// The operators of an ONNX graph without weights that change values, and the table of all.
#include <algorithm>
#include <limits>
#include <optional>

#include "importer/onnx_node.h"

namespace millwright::importer::onnx {
namespace {

using Outputs = std::vector<Value>;
using Axes = std::vector<Axis>;

Outputs One(Value value) {
  Outputs out;
  out.push_back(std::move(value));
  return out;
}

Result<Outputs> TakeIdentity(const Node& node) {
  if (const Stack* stack = node.As<Stack>(0)) return One(*stack);
  MW_TRY(const Flow* x, node.Activations(0));
  if (node.op() == "Cast" && node.Int("to", 1) != 1 && node.Int("to", 1) != 11)
    return node.Refuse("casts activations to another type");
  return One(*x);
}

Result<Outputs> TakeFunction(const Node& node) {
  struct Row {
    std::string_view op;
    Function function;
  };
  constexpr Row kRows[] = {
      {"Relu", Function::kRelu}, {"Tanh", Function::kTanh}, {"Sigmoid", Function::kSigmoid}};
  MW_TRY(const Flow* x, node.Activations(0));
  const auto* row = std::ranges::find(kRows, node.op(), &Row::op);
  MW_TRY(Flow out, Emit(node, *x, Activate{row->function}));
  return One(std::move(out));
}

// The logarithm moves no decision: what is written is the softmax.
Result<Outputs> TakeSoftmax(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const size_t axis, AxisOf(node.Int("axis", node.opset() < 13 ? 1 : -1), x->axes.size()));
  if (axis + 1 != x->axes.size() || x->axes[axis] != Axis::kFeature)
    return node.Refuse("does not run over the last axis, the features");
  MW_TRY(Flow out, Emit(node, *x, Activate{Function::kSoftmax}));
  return One(std::move(out));
}

Result<Outputs> TakeClip(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  float low = node.Float("min", std::numeric_limits<float>::lowest());
  float high = node.Float("max", std::numeric_limits<float>::max());
  for (const size_t i : {size_t{1}, size_t{2}}) {
    if (!node.Present(i)) continue;
    MW_TRY(const Constant* c, node.Weights(i));
    if (c->count() == 1) (i == 1 ? low : high) = c->floats[0];
  }
  if (low != 0 || (high != 6 && high < 1e30F))
    return node.Refuse("clips to other limits than 0 and 6");
  MW_TRY(Flow out, Emit(node, *x, Activate{high == 6 ? Function::kRelu6 : Function::kRelu}));
  return One(std::move(out));
}

Result<Outputs> TakeReduce(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const std::vector<int64_t> axes, node.IntsAt("axes", 1));
  if (axes.size() != 1) return node.Refuse("reduces more than the time axis");
  MW_TRY(const size_t at, AxisOf(axes[0], x->axes.size()));
  if (x->axes[at] != Axis::kTime) return node.Refuse("reduces another than the time axis");
  MW_TRY(Flow out, Emit(node, *x, GlobalPool{.is_max = node.op() == "ReduceMax"}));
  out.Drop(at, node.Int("keepdims", 1) != 0);
  return One(std::move(out));
}

Result<Outputs> TakePool(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  if (x->axes != Axes{Axis::kBatch, Axis::kFeature, Axis::kTime})
    return node.Refuse("does not pool over time, [batch, features, steps]");
  if (node.op().starts_with("Global")) {
    MW_TRY(Flow out, Emit(node, *x, GlobalPool{.is_max = node.op() == "GlobalMaxPool"}));
    out.Drop(2, true);
    return One(std::move(out));
  }
  const std::vector<int64_t> size = node.IntList("kernel_shape"), strides = node.IntList("strides");
  const auto is_not = [&](std::string_view list, int64_t want) {
    return std::ranges::any_of(node.IntList(list), [&](int64_t n) { return n != want; });
  };
  if (size.size() != 1 || strides.size() > 1 || is_not("pads", 0) || is_not("dilations", 1) ||
      node.Int("ceil_mode", 0) != 0)
    return node.Refuse("pads, dilates or rounds up");
  const int64_t stride = strides.empty() ? 1 : strides[0];
  Pool1d pool{.is_max = node.op() == "MaxPool"};
  pool.size = static_cast<int>(std::clamp<int64_t>(size[0], 0, 65536));
  pool.stride = static_cast<int>(std::clamp<int64_t>(stride, 0, 65536));
  MW_TRY(Flow out, Emit(node, *x, pool));
  return One(std::move(out));
}

Result<Outputs> TakePad(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const std::vector<int64_t> pads, node.IntsAt("pads", 1));
  const std::vector<std::string> mode = node.Texts("mode");
  const Constant* value = node.As<Constant>(2);
  const bool zero =
      node.Float("value", 0) == 0 &&
      (value == nullptr || std::ranges::all_of(value->floats, [](float v) { return v == 0; }));
  const size_t rank = x->axes.size();
  if (pads.size() != 2 * rank || !zero || (!mode.empty() && mode[0] != "constant"))
    return node.Refuse("pads with something else than zeros");
  Flow out = *x;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t before = pads[i], after = pads[rank + i];
    if (before == 0 && after == 0) continue;
    if (x->axes[i] != Axis::kTime || before < 0 || after < 0 || before > NetLimits{}.steps ||
        after > NetLimits{}.steps || x->pad_before + x->pad_after > 0)
      return node.Refuse("pads another axis than time, or twice");
    out.pad_before = static_cast<int>(before);
    out.pad_after = static_cast<int>(after);
  }
  return One(std::move(out));
}

// Values of `c` per feature, where it changes nothing but features.
std::optional<std::vector<float>> PerFeature(const Flow& flow, const Constant& c) {
  if (!c.is_float || c.shape.size() > flow.axes.size()) return std::nullopt;
  const auto width = static_cast<size_t>(flow.shape.width);
  if (c.count() == 1) return std::vector<float>(width, c.floats[0]);
  const size_t skip = flow.axes.size() - c.shape.size();
  for (size_t i = 0; i < c.shape.size(); ++i)
    if (c.shape[i] != 1 && flow.axes[skip + i] != Axis::kFeature) return std::nullopt;
  if (c.count() != width) return std::nullopt;
  return c.floats;
}

Result<Outputs> TakeArithmetic(const Node& node) {
  const bool flow_first = node.As<Flow>(0) != nullptr;
  const Constant* c = node.As<Constant>(flow_first ? 1 : 0);
  if (c == nullptr) return node.Refuse("joins branches; one chain of layers is taken");
  MW_TRY(const Flow* x, node.Activations(flow_first ? 0 : 1));
  const auto values = PerFeature(*x, *c);
  const std::string& op = node.op();
  if (!values || (op == "Div" && !flow_first))
    return node.Refuse("does more than scale or shift features");
  Affine affine;
  for (const float v : *values) {
    const bool scales = op == "Mul" || op == "Div";
    const float shift = op == "Sub" && flow_first ? -v : v;
    affine.gain.push_back(op == "Mul"                  ? v
                          : op == "Div"                ? 1 / v
                          : op == "Sub" && !flow_first ? -1.0F
                                                       : 1.0F);
    affine.offset.push_back(scales ? 0 : shift);
  }
  MW_TRY(Flow out, Emit(node, *x, std::move(affine)));
  return One(std::move(out));
}

struct Row {
  std::string_view op;
  Result<Outputs> (*take)(const Node&);
};
constexpr Row kRows[] = {
    {"LSTM", TakeLstm},
    {"Conv", TakeConv},
    {"Gemm", TakeDense},
    {"MatMul", TakeDense},
    {"BatchNormalization", TakeBatchNormalization},
    {"Add", TakeArithmetic},
    {"Sub", TakeArithmetic},
    {"Mul", TakeArithmetic},
    {"Div", TakeArithmetic},
    {"Relu", TakeFunction},
    {"Tanh", TakeFunction},
    {"Sigmoid", TakeFunction},
    {"Clip", TakeClip},
    {"Softmax", TakeSoftmax},
    {"LogSoftmax", TakeSoftmax},
    {"MaxPool", TakePool},
    {"AveragePool", TakePool},
    {"GlobalMaxPool", TakePool},
    {"GlobalAveragePool", TakePool},
    {"ReduceMean", TakeReduce},
    {"ReduceMax", TakeReduce},
    {"Pad", TakePad},
    {"Transpose", TakeTranspose},
    {"Squeeze", TakeSqueeze},
    {"Unsqueeze", TakeUnsqueeze},
    {"Gather", TakeGather},
    {"Slice", TakeSlice},
    {"Concat", TakeConcat},
    {"Flatten", TakeFlatten},
    {"Reshape", TakeReshape},
    {"Identity", TakeIdentity},
    {"Dropout", TakeIdentity},
    {"Cast", TakeIdentity},
};

}  // namespace

Result<Flow> Emit(const Node& node, Flow flow, LayerOp op) {
  const bool per_value =
      std::holds_alternative<Activate>(op) && std::get<Activate>(op).function != Function::kSoftmax;
  if (flow.pad_before + flow.pad_after > 0)
    return node.Refuse("stands behind a Pad; only a convolution may");
  if (flow.turned != Shape{} && !per_value)
    return node.Refuse("stands behind a Flatten of [features, steps]; only Gemm or MatMul may");
  Layer layer{.name = node.name(), .kind = node.op(), .op = std::move(op)};
  MW_TRY(flow.shape, OutShape(layer, flow.shape));
  flow.chain = std::make_shared<const Chain>(Chain{std::move(layer), std::move(flow.chain)});
  return flow;
}

Result<std::vector<Value>> ApplyToFlow(const Node& node) {
  for (const Row& row : kRows)
    if (row.op == node.op()) return row.take(node);
  return node.Refuse("cannot be taken");
}

}  // namespace millwright::importer::onnx
