// The rules that reader and writer share.
#include <cmath>
#include <limits>
#include <string>

#include "model/tflite.h"

namespace millwright::model {
namespace {

tl::unexpected<Error> BadGraph(const std::string& what) {
  return Fail(Errc::kInvalid, "tflite: " + what);
}
tl::unexpected<Error> TooLarge(const std::string& what) {
  return Fail(Errc::kExhausted, "tflite: " + what);
}

std::string Label(const Graph& graph, size_t index) {
  constexpr size_t kNameMax = 64;
  return "tensor " + std::to_string(index) + " '" + graph.tensors[index].name.substr(0, kNameMax) +
         "'";
}

Result<size_t> CheckShape(const Tensor& tensor, const std::string& label,
                          const TfliteLimits& limits) {
  if (tensor.shape.size() > limits.rank) {
    return TooLarge(label + " has " + std::to_string(tensor.shape.size()) + " dimensions");
  }
  size_t bytes = ElementBytes(tensor.type);
  for (const int32_t dimension : tensor.shape) {
    if (dimension < 0)
      return BadGraph(label + " has a negative dimension: " + ShapeText(tensor.shape));
    const auto extent = static_cast<size_t>(dimension);
    if (extent != 0 && bytes > limits.tensor_bytes / extent) {
      return TooLarge(label + " of shape " + ShapeText(tensor.shape) + " is larger than " +
                      std::to_string(limits.tensor_bytes) + " bytes");
    }
    bytes *= extent;
  }
  return bytes;
}

bool ZeroPointFits(TensorType type, int64_t zero_point) {
  switch (type) {
    case TensorType::kInt8:
      return zero_point >= -128 && zero_point <= 127;
    case TensorType::kUint8:
      return zero_point >= 0 && zero_point <= 255;
    case TensorType::kInt16:
      return zero_point >= -32768 && zero_point <= 32767;
    default:
      return zero_point >= std::numeric_limits<int32_t>::min() &&
             zero_point <= std::numeric_limits<int32_t>::max();
  }
}

Result<void> CheckQuantization(const Tensor& tensor, const std::string& label) {
  const Quantization& q = tensor.quantization;
  if (q.scales.size() != q.zero_points.size()) {
    return BadGraph(label + " has " + std::to_string(q.scales.size()) + " scales but " +
                    std::to_string(q.zero_points.size()) + " zero points");
  }
  for (const float scale : q.scales) {
    if (!std::isfinite(scale) || scale <= 0)
      return BadGraph(label + " has a scale that is not finite and positive");
  }
  for (const int64_t zero_point : q.zero_points) {
    if (!ZeroPointFits(tensor.type, zero_point)) {
      return BadGraph(label + " has zero point " + std::to_string(zero_point) + ", outside " +
                      std::string(Name(tensor.type)));
    }
  }
  if (q.scales.size() <= 1) return {};
  if (q.axis < 0 || static_cast<size_t>(q.axis) >= tensor.shape.size() ||
      static_cast<size_t>(tensor.shape[static_cast<size_t>(q.axis)]) != q.scales.size()) {
    return BadGraph(label + " has " + std::to_string(q.scales.size()) + " scales along axis " +
                    std::to_string(q.axis) + " of shape " + ShapeText(tensor.shape));
  }
  return {};
}

Result<void> CheckTensors(const Graph& graph, const TfliteLimits& limits) {
  size_t total = 0;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    const std::string label = Label(graph, i);
    MW_TRY(const size_t bytes, CheckShape(tensor, label, limits));
    MW_TRY(CheckQuantization(tensor, label));
    if (!tensor.data.empty() && tensor.data.size() != bytes) {
      return BadGraph(label + " of " + std::string(Name(tensor.type)) + " " +
                      ShapeText(tensor.shape) + " needs " + std::to_string(bytes) +
                      " bytes, its buffer has " + std::to_string(tensor.data.size()));
    }
    if (tensor.is_variable && !tensor.data.empty()) {
      return BadGraph(label + " is a state tensor but carries constant data");
    }
    total += bytes;
    if (total > limits.total_bytes) {
      return TooLarge("the tensors need more than " + std::to_string(limits.total_bytes) +
                      " bytes");
    }
  }
  return {};
}

Result<void> CheckIndices(const Graph& graph, const std::vector<int32_t>& list, bool optional,
                          const std::string& where) {
  for (const int32_t index : list) {
    const bool absent = optional && index == -1;
    if (!absent && (index < 0 || static_cast<size_t>(index) >= graph.tensors.size())) {
      return BadGraph(where + " names tensor " + std::to_string(index) + " of " +
                      std::to_string(graph.tensors.size()));
    }
  }
  return {};
}

// Who may be read when: inputs, constants and states from the start, everything else once an
// operator wrote it.
Result<void> CheckOrder(const Graph& graph) {
  std::vector<char> ready(graph.tensors.size(), 0);
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    ready[i] = !tensor.data.empty() || tensor.is_variable || ElementCount(tensor.shape) == 0;
  }
  for (const int32_t index : graph.inputs) {
    char& is_ready = ready[static_cast<size_t>(index)];
    if (is_ready != 0)
      return BadGraph("input " + Label(graph, static_cast<size_t>(index)) +
                      " is constant, state or named twice");
    is_ready = 1;
  }
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const std::string where = "op " + std::to_string(i) + " (" + OpName(graph.ops[i]) + ")";
    for (const int32_t index : graph.ops[i].inputs) {
      if (index >= 0 && ready[static_cast<size_t>(index)] == 0) {
        return BadGraph(where + " reads " + Label(graph, static_cast<size_t>(index)) +
                        " before anything wrote it");
      }
    }
    for (const int32_t index : graph.ops[i].outputs) {
      char& is_ready = ready[static_cast<size_t>(index)];
      if (is_ready != 0)
        return BadGraph(where + " writes " + Label(graph, static_cast<size_t>(index)) +
                        ", which has a value already");
      is_ready = 1;
    }
  }
  for (const int32_t index : graph.outputs) {
    if (ready[static_cast<size_t>(index)] == 0) {
      return BadGraph("output " + Label(graph, static_cast<size_t>(index)) + " is never written");
    }
  }
  return {};
}

}  // namespace

Result<void> CheckGraph(const Graph& graph, const TfliteLimits& limits) {
  if (graph.tensors.size() > limits.tensors)
    return TooLarge(std::to_string(graph.tensors.size()) + " tensors");
  if (graph.ops.size() > limits.ops)
    return TooLarge(std::to_string(graph.ops.size()) + " operators");
  if (graph.inputs.empty() || graph.outputs.empty())
    return BadGraph("the graph has no input or no output");
  MW_TRY(CheckTensors(graph, limits));
  MW_TRY(CheckIndices(graph, graph.inputs, false, "the list of inputs"));
  MW_TRY(CheckIndices(graph, graph.outputs, false, "the list of outputs"));
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const std::string where = "op " + std::to_string(i) + " (" + OpName(op) + ")";
    MW_TRY(CheckIndices(graph, op.inputs, true, where));
    MW_TRY(CheckIndices(graph, op.outputs, false, where));
    MW_TRY(CheckIndices(graph, op.intermediates, false, where));
  }
  return CheckOrder(graph);
}

}  // namespace millwright::model
