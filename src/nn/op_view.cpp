#include <algorithm>

#include "nn/kernel.h"

namespace millwright::nn {

std::string OpView::Prefix() const {
  return "nn: op " + std::to_string(index_) + " (" + model::OpName(op_) + "): ";
}

tl::unexpected<Error> OpView::Invalid(const std::string& what) const {
  return Fail(Errc::kInvalid, Prefix() + what);
}

tl::unexpected<Error> OpView::Unsupported(const std::string& what) const {
  return Fail(Errc::kUnsupported, Prefix() + what);
}

Result<void> OpView::CheckArity(size_t inputs_min, size_t inputs_max, size_t required) const {
  if (op_.inputs.size() < inputs_min || op_.inputs.size() > inputs_max || op_.outputs.size() != 1) {
    return Invalid(std::to_string(op_.inputs.size()) + " inputs and " +
                   std::to_string(op_.outputs.size()) + " outputs");
  }
  for (size_t i = 0; i < required; ++i) {
    if (!has_input(i)) return Invalid("input " + std::to_string(i) + " is missing");
    const model::Tensor& tensor = input(i);
    if (i == 0 && !tensor.data.empty()) return Unsupported("its input is a constant");
  }
  if (model::ElementCount(input(0).shape) == 0 || model::ElementCount(output().shape) == 0) {
    return Invalid("an empty tensor");
  }
  if (output().is_variable) return Invalid("its output is a state tensor");
  return {};
}

Result<void> OpView::CheckPerTensor(const model::Tensor& tensor, model::TensorType type,
                                    const char* role) const {
  if (tensor.type != type) {
    return Unsupported(std::string(role) + " is " + std::string(model::Name(tensor.type)) +
                       ", not " + std::string(model::Name(type)));
  }
  if (tensor.quantization.scales.size() != 1) {
    return Invalid(std::string(role) + " has " + std::to_string(tensor.quantization.scales.size()) +
                   " scales; it needs one");
  }
  return {};
}

Result<void> OpView::CheckConstant(const model::Tensor& tensor, model::TensorType type,
                                   const char* role) const {
  if (tensor.type != type) {
    return Unsupported(std::string(role) + " is " + std::string(model::Name(tensor.type)) +
                       ", not " + std::string(model::Name(type)));
  }
  if (tensor.data.empty() && model::ElementCount(tensor.shape) != 0) {
    return Unsupported(std::string(role) +
                       " is computed at run time; only constants are supported there");
  }
  return {};
}

Result<void> OpView::CheckShape(const model::Tensor& tensor, std::span<const int32_t> shape,
                                const char* role) const {
  if (!std::ranges::equal(tensor.shape, shape)) {
    return Invalid(std::string(role) + " has shape " + model::ShapeText(tensor.shape) +
                   "; it needs " + model::ShapeText(shape));
  }
  return {};
}

}  // namespace millwright::nn
