#include "importer/onnx.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "importer/onnx.pb.h"
#include "importer/onnx_node.h"

namespace millwright::importer {
namespace {

using onnx::Axis;
using onnx::Flow;
using onnx::Value;

constexpr int kNodesMax = 2000;
constexpr int64_t kOpsetMin = 7, kOpsetMax = 30;

// How the three axes of the model's input may be meant, the likeliest first.
using Meaning = std::vector<Axis>;
const Meaning kMeanings[] = {{Axis::kBatch, Axis::kTime, Axis::kFeature},
                             {Axis::kTime, Axis::kBatch, Axis::kFeature},
                             {Axis::kBatch, Axis::kFeature, Axis::kTime}};

class GraphReader {
 public:
  GraphReader(const onnx::GraphProto& graph, int64_t opset, int steps)
      : graph_(graph), opset_(opset), steps_(steps) {}

  // Finds the one input and the one output, and which nodes lie between.
  Result<void> Open() {
    for (const auto& tensor : graph_.initializer()) {
      MW_TRY(values_[tensor.name()], onnx::ReadTensor(tensor));
    }
    for (const auto& input : graph_.input())
      if (!values_.contains(input.name())) inputs_.push_back(&input);
    if (inputs_.size() != 1 || graph_.output_size() != 1)
      return Fail(Errc::kUnsupported, "onnx: the model has " + std::to_string(inputs_.size()) +
                                          " inputs and " + std::to_string(graph_.output_size()) +
                                          " outputs; one of each is taken");
    std::set<std::string> wanted = {graph_.output(0).name()};
    needed_.resize(static_cast<size_t>(graph_.node_size()));
    for (int i = graph_.node_size() - 1; i >= 0; --i) {
      const auto& node = graph_.node(i);
      if (std::ranges::none_of(node.output(), [&](const auto& o) { return wanted.contains(o); }))
        continue;
      needed_[static_cast<size_t>(i)] = true;
      wanted.insert(node.input().begin(), node.input().end());
    }
    return {};
  }

  Result<Net> Read(const Meaning& meaning, int& nodes_done) {
    MW_TRY(Flow input, InputAs(meaning));
    Net net{.steps = input.shape.steps, .features = input.shape.width};
    const auto constants = values_;  // the next meaning starts anew
    values_[inputs_[0]->name()] = std::move(input);
    made_ = 0;
    auto flow = Run(nodes_done);
    values_ = constants;
    if (!flow) return tl::unexpected(std::move(flow).error());
    for (const onnx::Chain* at = flow->chain.get(); at != nullptr; at = at->before.get())
      net.layers.push_back(at->layer);
    std::ranges::reverse(net.layers);
    MW_TRY(CheckNet(net));
    return net;
  }

 private:
  Result<Flow> InputAs(const Meaning& meaning) const {
    const auto& dims = inputs_[0]->type().tensor_type().shape().dim();
    if (dims.size() != 3)
      return Fail(Errc::kUnsupported, "onnx: the input '" + inputs_[0]->name() + "' has " +
                                          std::to_string(dims.size()) +
                                          " axes; batch, steps and features are taken");
    Flow flow{.axes = meaning, .shape = {steps_, 0}};
    for (int i = 0; i < 3; ++i) {
      const int64_t n = dims[i].dim_value();
      if (n < 0 || n > NetLimits{}.width)
        return Fail(Errc::kExhausted, "onnx: the input has an axis of " + std::to_string(n));
      const Axis axis = meaning[static_cast<size_t>(i)];
      if (axis == Axis::kBatch && n > 0) flow.batch = n;
      if (axis == Axis::kTime && n > 0) flow.shape.steps = static_cast<int>(n);
      if (axis == Axis::kFeature) flow.shape.width = static_cast<int>(n);
    }
    if (flow.shape.width < 1)
      return Fail(Errc::kUnsupported, "onnx: the input leaves its number of features open");
    return flow;
  }

  // Nodes stand in the order in which they run.
  Result<Flow> Run(int& nodes_done) {
    for (nodes_done = 0; nodes_done < graph_.node_size(); ++nodes_done) {
      if (needed_[static_cast<size_t>(nodes_done)]) {
        MW_TRY(RunNode(graph_.node(nodes_done)));
      }
    }
    const auto out = values_.find(graph_.output(0).name());
    const auto* flow = out == values_.end() ? nullptr : std::get_if<Flow>(&out->second);
    if (flow == nullptr)
      return Fail(Errc::kInvalid, "onnx: no node computes the output from the input");
    if (flow->pad_before + flow->pad_after > 0 || flow->turned != Shape{})
      return Fail(Errc::kUnsupported, "onnx: the model ends in a Pad or a Flatten");
    return *flow;
  }

  Result<void> RunNode(const onnx::NodeProto& proto) {
    std::vector<const Value*> inputs;
    for (const std::string& name : proto.input()) {
      const auto found = values_.find(name);
      if (!name.empty() && found == values_.end())
        return Fail(Errc::kUnsupported,
                    "onnx: " + Where(proto.name(), proto.op_type()) + " reads '" + name +
                        "', which no node before it gives in a form that is taken");
      inputs.push_back(name.empty() ? nullptr : &found->second);
    }
    const onnx::Node node(proto, opset_, std::move(inputs));
    if (!proto.domain().empty() && proto.domain() != "ai.onnx")
      return node.Refuse("is of the domain '" + proto.domain() + "'");
    if (onnx::IsConstant(node)) {
      if (proto.output_size() < 1) return node.Refuse("has no output", Errc::kInvalid);
      MW_TRY(Value value, onnx::ApplyToConstants(node));
      if (const auto* constant = std::get_if<onnx::Constant>(&value)) made_ += constant->count();
      if (made_ > 2 * onnx::kValuesMax)
        return node.Refuse("makes more values than any model has", Errc::kExhausted);
      values_[proto.output(0)] = std::move(value);
      return {};
    }
    MW_TRY(std::vector<Value> outputs, onnx::ApplyToFlow(node));
    const auto count = std::min(outputs.size(), static_cast<size_t>(proto.output_size()));
    for (size_t i = 0; i < count; ++i)
      values_[proto.output(static_cast<int>(i))] = std::move(outputs[i]);
    return {};
  }

  const onnx::GraphProto& graph_;
  int64_t opset_;
  int steps_;
  std::vector<const onnx::ValueInfoProto*> inputs_{};
  std::vector<bool> needed_{};
  std::map<std::string, Value> values_{};
  size_t made_ = 0;  // values of constants that nodes computed
};

}  // namespace

// The first field of every exporter's file is ir_version, a small number.
bool LooksLikeOnnx(std::span<const std::byte> bytes) {
  return bytes.size() > 2 && bytes[0] == std::byte{0x08} && std::to_integer<int>(bytes[1]) < 0x40 &&
         std::to_integer<int>(bytes[1]) > 0;
}

Result<Net> ReadOnnx(std::span<const std::byte> bytes, int steps) {
  const google::protobuf::LogSilencer silencer;  // what is broken is told by our own error
  onnx::ModelProto model;
  if (bytes.size() > std::numeric_limits<int>::max() / 2 ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Fail(Errc::kInvalid, "onnx: this is no ONNX model, or a broken one");
  int64_t opset = 0;
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = import.version();
  if (opset < kOpsetMin || opset > kOpsetMax)
    return Fail(Errc::kUnsupported, "onnx: operator set " + std::to_string(opset) + "; " +
                                        std::to_string(kOpsetMin) + " to " +
                                        std::to_string(kOpsetMax) + " are taken");
  if (model.graph().node_size() > kNodesMax)
    return Fail(Errc::kExhausted, "onnx: " + std::to_string(model.graph().node_size()) + " nodes");
  GraphReader reader(model.graph(), opset, steps);
  MW_TRY(reader.Open());
  // Where no meaning of the input's axes works, the one that went farthest tells most.
  int farthest = -1;
  Error error;
  for (const Meaning& meaning : kMeanings) {
    int done = 0;
    auto net = reader.Read(meaning, done);
    if (net) return net;
    if (done > farthest) error = std::move(net).error();
    farthest = std::max(farthest, done);
  }
  return tl::unexpected(std::move(error));
}

}  // namespace millwright::importer
