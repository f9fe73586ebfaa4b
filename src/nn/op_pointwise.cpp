// SOFTMAX, QUANTIZE, DEQUANTIZE: checks and kernels.
#include <algorithm>
#include <cmath>
#include <string>

#include "nn/kernel.h"
#include "nn/kernels/reference/pointwise.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;

/// One input, one output, equal shapes.
Result<void> CheckUnary(const OpView& op) {
  MW_TRY(op.CheckArity(1, 1, 1));
  return op.CheckShape(op.output(), op.input(0).shape, "its output");
}

class SoftmaxKernel : public Kernel {
 public:
  SoftmaxKernel(const OpView& op, reference::SoftmaxScale scale)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        depth_(static_cast<size_t>(op.input(0).shape.back())),
        rows_(model::ElementCount(op.input(0).shape) / depth_),
        scale_(scale) {}
  void Run(const Buffers& buffers) const override {
    const auto* in = buffers.at<const int8_t>(input_);
    auto* out = buffers.at<int8_t>(output_);
    for (size_t row = 0; row < rows_; ++row)
      reference::Softmax(scale_, in + row * depth_, depth_, out + row * depth_);
  }

 private:
  int32_t input_, output_;
  size_t depth_, rows_;
  reference::SoftmaxScale scale_;
};

Result<reference::SoftmaxScale> MakeSoftmaxScale(const OpView& op, float beta) {
  constexpr int kIntegerBits = 5;
  constexpr int kFraction = 31 - kIntegerBits;
  const double real = std::min(
      static_cast<double>(beta) * static_cast<double>(ScaleOf(op.input(0))) * (1 << kFraction),
      static_cast<double>((int64_t{1} << 31) - 1));
  if (!(real > 1)) return op.Invalid("beta x input scale is not above 2^-26");
  reference::SoftmaxScale scale{.input = ToMultiplier(real)};
  const double radius = static_cast<double>((1 << kIntegerBits) - 1) *
                        static_cast<double>(1 << kFraction) /
                        static_cast<double>(int64_t{1} << scale.input.shift);
  scale.diff_min = -static_cast<int32_t>(std::floor(radius));
  return scale;
}

template <typename In, typename Out>
class RequantizeKernel : public Kernel {
 public:
  RequantizeKernel(const OpView& op, Multiplier by)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        count_(model::ElementCount(op.input(0).shape)),
        by_(by),
        in_zero_point_(ZeroPointOf(op.input(0))),
        out_zero_point_(ZeroPointOf(op.output())) {}
  void Run(const Buffers& buffers) const override {
    reference::Requantize(buffers.at<const In>(input_), count_, by_, in_zero_point_,
                          out_zero_point_, buffers.at<Out>(output_));
  }

 private:
  int32_t input_, output_;
  size_t count_;
  Multiplier by_;
  int32_t in_zero_point_, out_zero_point_;
};

// Between float and a quantized type, in the direction that In and Out say.
template <typename In, typename Out>
class ConvertKernel : public Kernel {
 public:
  ConvertKernel(const OpView& op, const Tensor& quantized)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        count_(model::ElementCount(op.input(0).shape)),
        scale_(ScaleOf(quantized)),
        zero_point_(ZeroPointOf(quantized)) {}
  void Run(const Buffers& buffers) const override {
    const auto* in = buffers.at<const In>(input_);
    auto* out = buffers.at<Out>(output_);
    if constexpr (std::is_same_v<In, float>) {
      reference::Quantize(in, count_, scale_, zero_point_, out);
    } else {
      reference::Dequantize(in, count_, scale_, zero_point_, out);
    }
  }

 private:
  int32_t input_, output_;
  size_t count_;
  float scale_;
  int32_t zero_point_;
};

tl::unexpected<Error> UnsupportedTypes(const OpView& op) {
  return op.Unsupported("from " + std::string(model::Name(op.input(0).type)) + " to " +
                        std::string(model::Name(op.output().type)));
}

KernelResult MakeRequantize(const OpView& op) {
  const TensorType from = op.input(0).type, to = op.output().type;
  MW_TRY(op.CheckPerTensor(op.input(0), from, "its input"));
  const Multiplier by = ToMultiplier(static_cast<double>(ScaleOf(op.input(0))) /
                                     static_cast<double>(ScaleOf(op.output())));
  if (by.shift > 22)
    return op.Invalid(
        "the input's scale is too far above the output's");  // x << shift stays in int32
  if (from == TensorType::kInt8 && to == TensorType::kInt8)
    return std::make_unique<const RequantizeKernel<int8_t, int8_t>>(op, by);
  if (from == TensorType::kInt8 && to == TensorType::kUint8)
    return std::make_unique<const RequantizeKernel<int8_t, uint8_t>>(op, by);
  if (from == TensorType::kUint8 && to == TensorType::kInt8)
    return std::make_unique<const RequantizeKernel<uint8_t, int8_t>>(op, by);
  return UnsupportedTypes(op);
}

}  // namespace

KernelResult MakeSoftmax(const OpView& op) {
  MW_TRY(CheckUnary(op));
  MW_TRY(op.CheckPerTensor(op.input(0), TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  const auto* options = std::get_if<model::SoftmaxOptions>(&op.op().options);
  if (options == nullptr) return op.Invalid("carries another operator's options");
  if (op.input(0).shape.empty()) return op.Invalid("a scalar input");
  if (static_cast<size_t>(op.input(0).shape.back()) > reference::kSoftmaxDepthMax) {
    return op.Unsupported("more than " + std::to_string(reference::kSoftmaxDepthMax) + " classes");
  }
  constexpr float kUnit = 1.0F / 256;
  if (ZeroPointOf(op.output()) != -128 || std::abs(ScaleOf(op.output()) - kUnit) > 0.001F * kUnit) {
    return op.Invalid("an output that is not quantized with scale 1/256 and zero point -128");
  }
  MW_TRY(const reference::SoftmaxScale scale, MakeSoftmaxScale(op, options->beta));
  return std::make_unique<const SoftmaxKernel>(op, scale);
}

KernelResult MakeQuantize(const OpView& op) {
  MW_TRY(CheckUnary(op));
  const Tensor& output = op.output();
  MW_TRY(op.CheckPerTensor(output, output.type, "its output"));
  if (op.input(0).type != TensorType::kFloat32) return MakeRequantize(op);
  if (output.type == TensorType::kInt8)
    return std::make_unique<const ConvertKernel<float, int8_t>>(op, output);
  if (output.type == TensorType::kUint8)
    return std::make_unique<const ConvertKernel<float, uint8_t>>(op, output);
  return UnsupportedTypes(op);
}

KernelResult MakeDequantize(const OpView& op) {
  MW_TRY(CheckUnary(op));
  const Tensor& input = op.input(0);
  MW_TRY(op.CheckPerTensor(input, input.type, "its input"));
  if (op.output().type != TensorType::kFloat32) return UnsupportedTypes(op);
  if (input.type == TensorType::kInt8)
    return std::make_unique<const ConvertKernel<int8_t, float>>(op, input);
  if (input.type == TensorType::kUint8)
    return std::make_unique<const ConvertKernel<uint8_t, float>>(op, input);
  if (input.type == TensorType::kInt16)
    return std::make_unique<const ConvertKernel<int16_t, float>>(op, input);
  return UnsupportedTypes(op);
}

}  // namespace millwright::nn
