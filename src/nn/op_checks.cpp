#include "nn/op_checks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace millwright::nn {

using model::Activation;
using model::Tensor;
using model::TensorType;

Result<void> CheckAllPresent(const OpView& op, const Arity& arity) {
  const size_t inputs = op.op().inputs.size(), outputs = op.op().outputs.size();
  if (inputs < arity.inputs_min || inputs > arity.inputs_max || outputs != arity.outputs) {
    return op.Invalid(std::to_string(inputs) + " inputs and " + std::to_string(outputs) +
                      " outputs");
  }
  for (size_t i = 0; i < inputs; ++i) {
    if (!op.has_input(i)) return op.Invalid("input " + std::to_string(i) + " is missing");
  }
  return {};
}

Result<void> CheckComputed(const OpView& op, const Tensor& tensor) {
  if (!tensor.data.empty()) return op.Unsupported("its input is a constant");
  if (model::ElementCount(tensor.shape) == 0) return op.Invalid("an empty tensor");
  return {};
}

Result<void> CheckWritten(const OpView& op, const Tensor& tensor) {
  if (tensor.is_variable) return op.Invalid("its output is a state tensor");
  if (model::ElementCount(tensor.shape) == 0) return op.Invalid("an empty tensor");
  return {};
}

Result<void> CheckSameType(const OpView& op, const Tensor& a, const Tensor& b) {
  if (a.type == b.type) return {};
  return op.Invalid("tensors of different types: " + std::string(model::Name(a.type)) + " and " +
                    std::string(model::Name(b.type)));
}

Result<void> CheckSameScale(const OpView& op, const Tensor& a, const Tensor& b) {
  const bool same = a.quantization.scales == b.quantization.scales &&
                    a.quantization.zero_points == b.quantization.zero_points;
  if (!same) return op.Invalid("an output of another scale or zero point than its input");
  return {};
}

Result<std::vector<int32_t>> ConstantInts(const OpView& op, size_t input, const char* role) {
  const Tensor& tensor = op.input(input);
  MW_TRY(op.CheckConstant(tensor, TensorType::kInt32, role));
  std::vector<int32_t> values(tensor.data.size() / sizeof(int32_t));
  if (!values.empty())
    std::memcpy(values.data(), tensor.data.data(), values.size() * sizeof(int32_t));
  return values;
}

Result<size_t> ResolveAxis(const OpView& op, int64_t axis, size_t rank) {
  const int64_t resolved = axis < 0 ? axis + static_cast<int64_t>(rank) : axis;
  if (resolved < 0 || resolved >= static_cast<int64_t>(rank)) {
    return op.Invalid("axis " + std::to_string(axis) + " of a tensor with " + std::to_string(rank) +
                      " dimensions");
  }
  return static_cast<size_t>(resolved);
}

Result<std::vector<bool>> ResolveAxes(const OpView& op, const std::vector<int32_t>& axes,
                                      size_t rank) {
  std::vector<bool> named(rank, false);
  for (const int32_t axis : axes) {
    MW_TRY(const size_t resolved, ResolveAxis(op, axis, rank));
    named[resolved] = true;
  }
  return named;
}

namespace {

int32_t QuantizedBound(float bound, const Tensor& output) {
  const float steps = std::round(bound / ScaleOf(output));
  constexpr float kFar = 1e6F;  // beyond any int8, inside int32
  return ZeroPointOf(output) + static_cast<int32_t>(std::clamp(steps, -kFar, kFar));
}

}  // namespace

Result<Range8> ActivationRange(const OpView& op, Activation activation) {
  const Tensor& output = op.output();
  const auto range = [&](float low, float high) {
    Range8 out;
    out.low = std::clamp(QuantizedBound(low, output), -128, 127);
    if (std::isfinite(high)) out.high = std::clamp(QuantizedBound(high, output), out.low, 127);
    return out;
  };
  switch (activation) {
    case Activation::kNone:
      return Range8{};
    case Activation::kRelu:
      return range(0, INFINITY);
    case Activation::kReluN1To1:
      return range(-1, 1);
    case Activation::kRelu6:
      return range(0, 6);
    default:
      return op.Unsupported("a fused activation other than RELU, RELU6 and RELU_N1_TO_1");
  }
}

Result<Multiplier> CheckedMultiplier(const OpView& op, double ratio) {
  if (!std::isfinite(ratio) || ratio < 0) return op.Invalid("scales whose ratio is not finite");
  const Multiplier multiplier = ToMultiplier(ratio);
  if (multiplier.shift > 30) return op.Invalid("scales too far apart");
  return multiplier;
}

}  // namespace millwright::nn
