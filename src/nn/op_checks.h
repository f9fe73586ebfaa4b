// What several operators check in the same words, and what their Make... functions read from
// constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/result.h"
#include "nn/fixed_point.h"
#include "nn/kernel.h"

namespace millwright::nn {

[[nodiscard]] inline float ScaleOf(const model::Tensor& tensor) {
  return tensor.quantization.scales[0];
}
[[nodiscard]] inline int32_t ZeroPointOf(const model::Tensor& tensor) {
  return static_cast<int32_t>(tensor.quantization.zero_points[0]);
}

/// How many inputs and outputs an operator has; every input and output is there.
struct Arity {
  size_t inputs_min = 1, inputs_max = 1;
  size_t outputs = 1;
};
[[nodiscard]] Result<void> CheckAllPresent(const OpView& op, const Arity& arity);

/// Not empty, computed at run time, and not a state tensor where it is written.
[[nodiscard]] Result<void> CheckComputed(const OpView& op, const model::Tensor& tensor);
[[nodiscard]] Result<void> CheckWritten(const OpView& op, const model::Tensor& tensor);
[[nodiscard]] Result<void> CheckSameType(const OpView& op, const model::Tensor& a,
                                         const model::Tensor& b);
/// Both not quantized, or with the same scale and zero point.
[[nodiscard]] Result<void> CheckSameScale(const OpView& op, const model::Tensor& a,
                                          const model::Tensor& b);

/// A constant int32 tensor's values: axes, shapes, paddings.
[[nodiscard]] Result<std::vector<int32_t>> ConstantInts(const OpView& op, size_t input,
                                                        const char* role);
/// -rank..rank-1 to 0..rank-1.
[[nodiscard]] Result<size_t> ResolveAxis(const OpView& op, int64_t axis, size_t rank);
/// The same for a list; the answer says for each axis whether it is named.
[[nodiscard]] Result<std::vector<bool>> ResolveAxes(const OpView& op,
                                                    const std::vector<int32_t>& axes, size_t rank);

/// An int8 range, low <= high.
struct Range8 {
  int32_t low = -128, high = 127;
};
/// What a fused activation leaves of the output's range.
[[nodiscard]] Result<Range8> ActivationRange(const OpView& op, model::Activation activation);

/// ToMultiplier with the ratio checked: finite, not negative, and a left shift of at most 30.
[[nodiscard]] Result<Multiplier> CheckedMultiplier(const OpView& op, double ratio);

/// The options of the operator's own kind.
template <typename T>
[[nodiscard]] Result<const T*> OptionsOf(const OpView& op) {
  const T* options = std::get_if<T>(&op.op().options);
  if (options == nullptr) return op.Invalid("carries another operator's options");
  return options;
}

}  // namespace millwright::nn
