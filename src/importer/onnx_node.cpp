#include "importer/onnx_node.h"

#include <algorithm>
#include <cmath>

#include "importer/onnx.pb.h"

namespace millwright::importer::onnx {

Node::Node(const NodeProto& proto, int64_t opset, std::vector<const Value*> inputs)
    : proto_(proto), opset_(opset), name_(proto.name()), inputs_(std::move(inputs)) {
  if (name_.empty() && proto.output_size() > 0) name_ = proto.output(0);
}

const std::string& Node::op() const { return proto_.op_type(); }

const AttributeProto* Node::Find(std::string_view attribute) const {
  for (const AttributeProto& a : proto_.attribute())
    if (a.name() == attribute) return &a;
  return nullptr;
}

int64_t Node::Int(std::string_view attribute, int64_t otherwise) const {
  const AttributeProto* a = Find(attribute);
  return a != nullptr ? a->i() : otherwise;
}

float Node::Float(std::string_view attribute, float otherwise) const {
  const AttributeProto* a = Find(attribute);
  return a != nullptr ? a->f() : otherwise;
}

std::vector<int64_t> Node::IntList(std::string_view attribute) const {
  const AttributeProto* a = Find(attribute);
  if (a == nullptr) return {};
  return {a->ints().begin(), a->ints().end()};
}

std::vector<std::string> Node::Texts(std::string_view attribute) const {
  const AttributeProto* a = Find(attribute);
  if (a == nullptr) return {};
  if (!a->s().empty()) return {a->s()};
  return {a->strings().begin(), a->strings().end()};
}

Result<Constant> Node::Tensor(std::string_view attribute) const {
  const AttributeProto* a = Find(attribute);
  if (a == nullptr) return Refuse("has no '" + std::string(attribute) + "'", Errc::kInvalid);
  return ReadTensor(a->t());
}

Result<std::vector<int64_t>> Node::IntsAt(std::string_view attribute, size_t input) const {
  if (!Present(input)) return IntList(attribute);
  const Constant* c = As<Constant>(input);
  if (c == nullptr || c->is_float) return Refuse("computes its " + std::string(attribute));
  return c->ints;
}

Result<const Constant*> Node::Weights(size_t i) const {
  const Constant* c = As<Constant>(i);
  if (c == nullptr || !c->is_float)
    return Refuse("has no constant weights at input " + std::to_string(i));
  return c;
}

Result<const Flow*> Node::Activations(size_t i) const {
  const Flow* flow = As<Flow>(i);
  if (flow == nullptr) return Refuse("is not fed by what flows from the model's input");
  return flow;
}

tl::unexpected<Error> Node::Refuse(const std::string& what, Errc code) const {
  return Fail(code, "onnx: " + Where(name_, op()) + " " + what);
}

bool IsConstant(const Node& node) {
  if (node.op() == "Shape") return true;
  for (size_t i = 0; i < node.count(); ++i)
    if (node.Present(i) && node.As<Constant>(i) == nullptr) return false;
  return true;
}

namespace {

Result<Constant> SliceOf(const Node& node, const Constant& in) {
  MW_TRY(const std::vector<int64_t> starts, node.IntsAt("starts", 1));
  MW_TRY(const std::vector<int64_t> ends, node.IntsAt("ends", 2));
  MW_TRY(std::vector<int64_t> axes, node.IntsAt("axes", 3));
  MW_TRY(const std::vector<int64_t> steps, node.IntsAt("steps", 4));
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (starts.size() != ends.size() || axes.size() != starts.size())
    return node.Refuse("has unlike lists", Errc::kInvalid);
  Constant out = in;
  for (size_t i = 0; i < starts.size(); ++i) {
    MW_TRY(const size_t axis, AxisOf(axes[i], in.shape.size()));
    const int64_t step = i < steps.size() ? steps[i] : 1;
    MW_TRY(out, SliceConstant(out, {axis, starts[i], ends[i], step}));
  }
  return out;
}

Result<Constant> SqueezeOf(const Node& node, Constant in, bool adds) {
  MW_TRY(std::vector<int64_t> axes, node.IntsAt("axes", 1));
  const size_t rank = in.shape.size() + (adds ? axes.size() : 0);
  std::vector<size_t> places;
  for (const int64_t axis : axes) {
    MW_TRY(const size_t place, AxisOf(axis, rank));
    places.push_back(place);
  }
  std::ranges::sort(places);
  if (adds) {
    for (const size_t place : places) {
      if (place > in.shape.size()) return node.Refuse("has odd axes", Errc::kInvalid);
      in.shape.insert(in.shape.begin() + static_cast<std::ptrdiff_t>(place), 1);
    }
    return in;
  }
  std::vector<int64_t> shape;
  for (size_t i = 0; i < in.shape.size(); ++i) {
    const bool goes =
        axes.empty() ? in.shape[i] == 1 : std::ranges::find(places, i) != places.end();
    if (!goes) shape.push_back(in.shape[i]);
  }
  return ReshapeConstant(in, shape);
}

Result<Constant> ConstantOf(const Node& node) {
  if (node.Has("value")) return node.Tensor("value");
  Constant out;
  if (node.Has("value_ints")) return Ints(node.IntList("value_ints"));
  if (node.Has("value_int")) {
    out.is_float = false;
    out.ints = {node.Int("value_int", 0)};
  } else if (node.Has("value_float")) {
    out.floats = {node.Float("value_float", 0)};
  } else {
    return node.Refuse("holds a kind of value that is not taken");
  }
  return out;
}

Result<Constant> CastOf(const Node& node, Constant in) {
  const int64_t to = node.Int("to", 1);
  const bool to_float = to == 1 || to == 11;
  if (!to_float && to != 6 && to != 7) return node.Refuse("casts to a type that is not taken");
  if (to_float == in.is_float) return in;
  if (!to_float) return node.Refuse("casts weights to integers");
  for (const int64_t i : in.ints) in.floats.push_back(static_cast<float>(i));
  in.ints.clear();
  in.is_float = true;
  return in;
}

Constant SqrtOf(Constant in) {
  for (float& x : in.floats) x = std::sqrt(x);
  return in;
}

}  // namespace

Result<Value> ApplyToConstants(const Node& node) {
  const std::string& op = node.op();
  if (op == "Constant") return ConstantOf(node);
  if (op == "Shape" && node.As<Flow>(0) != nullptr && !node.Has("start") && !node.Has("end"))
    return Ints(node.As<Flow>(0)->Sizes());
  const Constant* in = node.As<Constant>(0);
  if (in == nullptr) return node.Refuse("cannot be taken");
  if (op == "Shape") return Ints(in->shape);
  if (op == "Identity") return *in;
  if (op == "Cast") return CastOf(node, *in);
  if (op == "Sqrt") return SqrtOf(*in);
  if (op == "Slice") return SliceOf(node, *in);
  if (op == "Squeeze") return SqueezeOf(node, *in, false);
  if (op == "Unsqueeze") return SqueezeOf(node, *in, true);
  if (op == "Transpose") return TransposeConstant(*in, node.IntList("perm"));
  if (op == "Concat") {
    std::vector<Constant> parts;
    for (size_t i = 0; i < node.count(); ++i)
      if (const Constant* part = node.As<Constant>(i)) parts.push_back(*part);
    return ConcatConstants(parts, node.Int("axis", 0));
  }
  if (op == "ConstantOfShape") {
    Constant value{.floats = {0}};
    if (node.Has("value")) {
      MW_TRY(value, node.Tensor("value"));
    }
    if (in->is_float) return node.Refuse("has no integer shape", Errc::kInvalid);
    return FillConstant(value, in->ints);
  }
  const Constant* second = node.As<Constant>(1);
  if (second == nullptr) return node.Refuse("cannot be taken");
  if (op == "Gather") return GatherConstant(*in, *second, node.Int("axis", 0));
  if (op == "Reshape" && !second->is_float) return ReshapeConstant(*in, second->ints);
  if (op == "Expand" && !second->is_float && in->count() == 1)
    return FillConstant(*in, second->ints);
  // Zeros that are copied for each of a batch of one.
  if (op == "Expand" && !second->is_float && second->ints == in->shape) return *in;
  if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div")
    return CombineConstants(op, *in, *second);
  return node.Refuse("cannot be taken");
}

}  // namespace millwright::importer::onnx
