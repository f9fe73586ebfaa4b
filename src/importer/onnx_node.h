// One node of an ONNX graph with its inputs at hand, and the two kinds of answers it can have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "importer/onnx_flow.h"

namespace millwright::importer::onnx {

class AttributeProto;
class NodeProto;

/// Borrows the node and its inputs.
class Node {
 public:
  /// `inputs` has nullptr where an optional input is absent.
  Node(const NodeProto& proto, int64_t opset, std::vector<const Value*> inputs);

  [[nodiscard]] const std::string& op() const;
  [[nodiscard]] int64_t opset() const { return opset_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] bool Has(std::string_view attribute) const { return Find(attribute) != nullptr; }
  [[nodiscard]] int64_t Int(std::string_view attribute, int64_t otherwise) const;
  [[nodiscard]] float Float(std::string_view attribute, float otherwise) const;
  [[nodiscard]] std::vector<int64_t> IntList(std::string_view attribute) const;
  [[nodiscard]] std::vector<std::string> Texts(std::string_view attribute) const;
  /// The attribute's tensor. kInvalid where there is none.
  [[nodiscard]] Result<Constant> Tensor(std::string_view attribute) const;
  /// Integers that older operators take as an attribute and newer ones as an input; empty where
  /// they are in neither. kUnsupported where they are computed from activations.
  [[nodiscard]] Result<std::vector<int64_t>> IntsAt(std::string_view attribute, size_t input) const;

  [[nodiscard]] size_t count() const { return inputs_.size(); }
  [[nodiscard]] bool Present(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  template <typename T>
  [[nodiscard]] const T* As(size_t i) const {
    return Present(i) ? std::get_if<T>(inputs_[i]) : nullptr;
  }
  /// kUnsupported where input i is no constant of floats.
  [[nodiscard]] Result<const Constant*> Weights(size_t i) const;
  [[nodiscard]] Result<const Flow*> Activations(size_t i) const;

  /// "onnx: layer '/lstm/LSTM' (LSTM) " and what is wrong with it.
  [[nodiscard]] tl::unexpected<Error> Refuse(const std::string& what,
                                             Errc code = Errc::kUnsupported) const;

 private:
  [[nodiscard]] const AttributeProto* Find(std::string_view attribute) const;

  const NodeProto& proto_;
  int64_t opset_;
  std::string name_;
  std::vector<const Value*> inputs_;
};

/// Outputs of a node all of whose inputs are constants (or activations of which it asks the shape).
/// kUnsupported where this is no such operator.
[[nodiscard]] Result<Value> ApplyToConstants(const Node& node);
/// Whether ApplyToConstants is the one to ask.
[[nodiscard]] bool IsConstant(const Node& node);

/// Outputs of a node that activations flow through; fewer than the node has where the rest cannot
/// be used. kUnsupported, naming the node, for what the importer does not take.
[[nodiscard]] Result<std::vector<Value>> ApplyToFlow(const Node& node);

/// The layer `op` behind `flow`, named after the node.
[[nodiscard]] Result<Flow> Emit(const Node& node, Flow flow, LayerOp op);

/// LSTM, Conv, Gemm and MatMul, BatchNormalization: what has weights.
[[nodiscard]] Result<std::vector<Value>> TakeLstm(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeConv(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeDense(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeBatchNormalization(const Node& node);

/// What moves axes and picks steps.
[[nodiscard]] Result<std::vector<Value>> TakeTranspose(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeSqueeze(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeUnsqueeze(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeGather(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeSlice(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeConcat(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeFlatten(const Node& node);
[[nodiscard]] Result<std::vector<Value>> TakeReshape(const Node& node);

}  // namespace millwright::importer::onnx
