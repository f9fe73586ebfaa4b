// The operators of an ONNX graph that move axes, pick steps and change no value.
#include <algorithm>
#include <functional>
#include <optional>

#include "importer/onnx_node.h"

namespace millwright::importer::onnx {
namespace {

using Outputs = std::vector<Value>;
using AxisList = std::vector<Axis>;

Outputs OnlyFlow(Value value) {
  Outputs out;
  out.push_back(std::move(value));
  return out;
}

// Entry `index` of axis `at`, whose size is `size`: only what a net can have been meant to take.
Result<Flow> PickStep(const Node& node, Flow flow, size_t at, int64_t index, bool keep) {
  const int64_t size = flow.SizeOf(flow.axes[at]);
  if (index < 0) index += size;
  if (flow.axes[at] == Axis::kTime) {
    if (index != size - 1)
      return node.Refuse("takes step " + std::to_string(index) + " of " + std::to_string(size) +
                         "; the last alone is taken");
    MW_TRY(flow, Emit(node, std::move(flow), LastStep{}));
  } else if (flow.axes[at] != Axis::kOne || index != 0) {
    return node.Refuse("takes a part of the batch or of the features");
  }
  flow.Drop(at, keep);
  return flow;
}

// [batch, everything else]; the features may stand before the steps.
Result<Flow> FlattenFlow(const Node& node, Flow flow) {
  std::erase(flow.axes, Axis::kOne);
  if (flow.axes.empty() || flow.axes[0] != Axis::kBatch)
    return node.Refuse("flattens the batch with the rest");
  if (flow.axes.size() < 3) return flow;
  const Shape before = flow.shape;
  const bool features_first = flow.axes[1] == Axis::kFeature;
  MW_TRY(flow, Emit(node, std::move(flow), Flatten{}));
  flow.axes = {Axis::kBatch, Axis::kFeature};
  if (features_first) flow.turned = before;
  return flow;
}

// The meaning of each axis of `to`, where it only adds or drops axes of size one.
std::optional<AxisList> Relabel(const Flow& flow, const std::vector<int64_t>& to, size_t i,
                                size_t j) {
  const bool one = j < to.size() && to[j] == 1;
  const auto prepend = [&](Axis axis, size_t next_i, size_t next_j) -> std::optional<AxisList> {
    std::optional<AxisList> rest = Relabel(flow, to, next_i, next_j);
    if (rest) rest->insert(rest->begin(), axis);
    return rest;
  };
  if (i == flow.axes.size()) {
    if (j == to.size()) return AxisList{};
    return one ? prepend(Axis::kOne, i, j + 1) : std::nullopt;
  }
  if (j < to.size() && to[j] == flow.SizeOf(flow.axes[i]))
    if (auto all = prepend(flow.axes[i], i + 1, j + 1)) return all;
  if (flow.axes[i] == Axis::kOne)
    if (auto all = Relabel(flow, to, i + 1, j)) return all;
  return one ? prepend(Axis::kOne, i, j + 1) : std::nullopt;
}

}  // namespace

Result<std::vector<Value>> TakeTranspose(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  std::vector<int64_t> order = node.IntList("perm");
  Flow out = *x;
  if (order.empty()) {
    std::ranges::reverse(out.axes);
    return OnlyFlow(std::move(out));
  }
  std::vector<int64_t> sorted = order;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted.size() != out.axes.size() || sorted[i] != static_cast<int64_t>(i))
      return node.Refuse("has an order that is none", Errc::kInvalid);
  for (size_t i = 0; i < order.size(); ++i) out.axes[i] = x->axes[static_cast<size_t>(order[i])];
  return OnlyFlow(std::move(out));
}

Result<std::vector<Value>> TakeSqueeze(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const std::vector<int64_t> axes, node.IntsAt("axes", 1));
  std::vector<size_t> places;
  for (const int64_t axis : axes) {
    MW_TRY(const size_t place, AxisOf(axis, x->axes.size()));
    places.push_back(place);
  }
  if (axes.empty())
    for (size_t i = 0; i < x->axes.size(); ++i)
      if (x->axes[i] == Axis::kOne) places.push_back(i);
  std::ranges::sort(places, std::greater<>());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  Flow out = *x;
  for (const size_t place : places) {
    MW_TRY(out, PickStep(node, std::move(out), place, 0, false));
  }
  return OnlyFlow(std::move(out));
}

Result<std::vector<Value>> TakeUnsqueeze(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(std::vector<int64_t> axes, node.IntsAt("axes", 1));
  Flow out = *x;
  const size_t rank = out.axes.size() + axes.size();
  if (rank > 8) return node.Refuse("makes too many axes");
  for (int64_t& axis : axes) {
    MW_TRY(const size_t place, AxisOf(axis, rank));
    axis = static_cast<int64_t>(place);
  }
  std::ranges::sort(axes);
  for (const int64_t axis : axes) {
    if (static_cast<size_t>(axis) > out.axes.size()) return node.Refuse("has odd axes");
    out.axes.insert(out.axes.begin() + axis, Axis::kOne);
  }
  return OnlyFlow(std::move(out));
}

Result<std::vector<Value>> TakeGather(const Node& node) {
  const Constant* index = node.As<Constant>(1);
  if (index == nullptr || index->ints.size() != 1 || index->shape.size() > 1)
    return node.Refuse("picks by more than one constant number");
  const bool keep = !index->shape.empty();
  if (const Stack* stack = node.As<Stack>(0)) {
    const auto size = static_cast<int64_t>(stack->parts.size());
    const int64_t i = index->ints[0] < 0 ? index->ints[0] + size : index->ints[0];
    if (node.Int("axis", 0) != 0 || i < 0 || i >= size)
      return node.Refuse("picks what is not there");
    Flow out = stack->parts[static_cast<size_t>(i)];
    out.Drop(0, keep);
    return OnlyFlow(std::move(out));
  }
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(const size_t at, AxisOf(node.Int("axis", 0), x->axes.size()));
  MW_TRY(Flow out, PickStep(node, *x, at, index->ints[0], keep));
  return OnlyFlow(std::move(out));
}

Result<std::vector<Value>> TakeSlice(const Node& node) {
  MW_TRY(const std::vector<int64_t> starts, node.IntsAt("starts", 1));
  MW_TRY(const std::vector<int64_t> ends, node.IntsAt("ends", 2));
  MW_TRY(std::vector<int64_t> axes, node.IntsAt("axes", 3));
  MW_TRY(const std::vector<int64_t> steps, node.IntsAt("steps", 4));
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (starts.size() != ends.size() || starts.size() != axes.size() ||
      std::ranges::any_of(steps, [](int64_t s) { return s != 1; }))
    return node.Refuse("leaves out steps");
  if (const Stack* stack = node.As<Stack>(0)) {
    const auto size = static_cast<int64_t>(stack->parts.size());
    if (axes != std::vector<int64_t>{0}) return node.Refuse("cuts across layers");
    const Cut cut = Clamp({0, starts[0], ends[0]}, size);
    if (cut.end != cut.start + 1) return node.Refuse("takes the states of several layers");
    return OnlyFlow(stack->parts[static_cast<size_t>(cut.start)]);
  }
  MW_TRY(const Flow* x, node.Activations(0));
  Flow out = *x;
  for (size_t i = 0; i < starts.size(); ++i) {
    MW_TRY(const size_t at, AxisOf(axes[i], out.axes.size()));
    const int64_t size = out.SizeOf(out.axes[at]);
    const Cut cut = Clamp({at, starts[i], ends[i]}, size);
    if (cut.start == 0 && cut.end == size) continue;
    if (cut.end != cut.start + 1) return node.Refuse("takes a part of an axis");
    MW_TRY(out, PickStep(node, std::move(out), at, cut.start, true));
  }
  return OnlyFlow(std::move(out));
}

// Only of last states: what PyTorch calls h_n.
Result<std::vector<Value>> TakeConcat(const Node& node) {
  Stack out;
  for (size_t i = 0; i < node.count(); ++i) {
    const Flow* x = node.As<Flow>(i);
    if (x == nullptr || x->axes.empty() || x->axes[0] != Axis::kOne || node.Int("axis", 0) != 0)
      return node.Refuse("joins branches; one chain of layers is taken");
    out.parts.push_back(*x);
  }
  return OnlyFlow(std::move(out));
}

Result<std::vector<Value>> TakeFlatten(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  if (node.Int("axis", 1) != 1) return node.Refuse("flattens along another axis than 1");
  MW_TRY(Flow out, FlattenFlow(node, *x));
  return OnlyFlow(std::move(out));
}

Result<std::vector<Value>> TakeReshape(const Node& node) {
  MW_TRY(const Flow* x, node.Activations(0));
  MW_TRY(std::vector<int64_t> to, node.IntsAt("shape", 1));
  if (to.empty() || to.size() > 6) return node.Refuse("has no shape that is taken");
  const std::vector<int64_t> sizes = x->Sizes();
  int64_t total = 1, known = 1;
  for (const int64_t n : sizes) total *= n;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && i < sizes.size()) to[i] = sizes[i];
    if (to[i] != -1 && (to[i] < 1 || __builtin_mul_overflow(known, to[i], &known)))
      return node.Refuse("has no shape that is taken");
  }
  for (int64_t& n : to)
    if (n == -1) n = total / known;
  Flow out = *x;
  if (auto axes = Relabel(*x, to, 0, 0)) {
    out.axes = std::move(*axes);
    return OnlyFlow(std::move(out));
  }
  if (to.size() != 2 || to[0] != x->batch || to[1] * x->batch != total)
    return node.Refuse("arranges values anew; flattening alone is taken");
  MW_TRY(out, FlattenFlow(node, std::move(out)));
  return OnlyFlow(std::move(out));
}

}  // namespace millwright::importer::onnx
