// CONV_2D (groups too) and DEPTHWISE_CONV_2D: int8 input and filter, int32 bias or none, one filter
// scale or one per output channel.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "nn/kernels/reference/conv.h"
#include "nn/kernels/reference/dot.h"
#include "nn/op_checks.h"
#include "nn/window.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;
using reference::ConvWeights;

template <auto kRun>
class ConvKernel : public Kernel {
 public:
  ConvKernel(const OpView& op, ConvWeights weights)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        filter_bytes_(op.input(1).data.size()),
        weights_(std::move(weights)) {}
  void Run(const Buffers& buffers) const override {
    kRun(weights_, buffers.at<const int8_t>(input_), buffers.at<int8_t>(output_));
  }
  size_t weight_bytes(size_t sessions) const override { return sessions * filter_bytes_; }

 private:
  int32_t input_, output_;
  size_t filter_bytes_;
  ConvWeights weights_;
};

// Where the filter keeps its output channels.
Result<void> CheckTypes(const OpView& op, size_t channel_axis) {
  const Tensor& filter = op.input(1);
  MW_TRY(CheckComputed(op, op.input(0)));
  MW_TRY(CheckWritten(op, op.output()));
  MW_TRY(op.CheckPerTensor(op.input(0), TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  MW_TRY(op.CheckConstant(filter, TensorType::kInt8, "its filter"));
  const model::Quantization& q = filter.quantization;
  if (filter.shape.size() != 4 || model::ElementCount(filter.shape) == 0)
    return op.Invalid("a filter of shape " + model::ShapeText(filter.shape));
  if (q.scales.empty()) return op.Invalid("a filter that is not quantized");
  if (std::ranges::any_of(q.zero_points, [](int64_t zero_point) { return zero_point != 0; }))
    return op.Unsupported("a filter with a zero point");
  if (q.scales.size() > 1 && static_cast<size_t>(q.axis) != channel_axis)
    return op.Invalid("filter scales along axis " + std::to_string(q.axis));
  if (!op.has_input(2)) return {};
  MW_TRY(op.CheckConstant(op.input(2), TensorType::kInt32, "its bias"));
  return op.CheckShape(op.input(2), std::array{filter.shape[channel_axis]}, "its bias");
}

Result<ConvWeights> MakeWeights(const OpView& op, const model::Conv2dOptions& options,
                                int32_t out_channels) {
  const Tensor& filter = op.input(1);
  ConvWeights w;
  MW_TRY(w.window, MakeWindow(op,
                              {.padding = options.padding,
                               .stride_height = options.stride_height,
                               .stride_width = options.stride_width,
                               .dilation_height = options.dilation_height,
                               .dilation_width = options.dilation_width,
                               .filter_height = filter.shape[1],
                               .filter_width = filter.shape[2]},
                              out_channels));
  w.filter = reinterpret_cast<const int8_t*>(filter.data.data());
  w.bias.assign(static_cast<size_t>(out_channels), 0);
  if (op.has_input(2))
    std::memcpy(w.bias.data(), op.input(2).data.data(), w.bias.size() * sizeof(int32_t));
  const std::vector<float>& scales = filter.quantization.scales;
  for (size_t c = 0; c < w.bias.size(); ++c) {
    const double ratio = static_cast<double>(ScaleOf(op.input(0))) *
                         static_cast<double>(scales[scales.size() == 1 ? 0 : c]) /
                         static_cast<double>(ScaleOf(op.output()));
    MW_TRY(const Multiplier scale, CheckedMultiplier(op, ratio));
    w.scales.push_back(scale);
  }
  MW_TRY(const Range8 range, ActivationRange(op, options.activation));
  w.low = range.low;
  w.high = range.high;
  w.input_zero_point = ZeroPointOf(op.input(0));
  w.output_zero_point = ZeroPointOf(op.output());
  return w;
}

// Products of one sum: int8 times the difference of two int8, exact in int32 up to here.
Result<void> CheckSumLength(const OpView& op, size_t products) {
  if (products > reference::kDotColumnsMax)
    return op.Unsupported("more than " + std::to_string(reference::kDotColumnsMax) +
                          " products in one sum");
  return {};
}

}  // namespace

KernelResult MakeConv2d(const OpView& op) {
  MW_TRY(op.CheckArity(2, 3, 2));
  MW_TRY(const auto* options, OptionsOf<model::Conv2dOptions>(op));
  MW_TRY(CheckTypes(op, 0));
  const std::vector<int32_t>& filter = op.input(1).shape;
  const int32_t outputs = filter[0], group_inputs = filter[3];
  MW_TRY(ConvWeights w, MakeWeights(op, *options, outputs));
  const auto inputs = static_cast<int32_t>(w.window.channels);
  if (inputs % group_inputs != 0 || outputs % (inputs / group_inputs) != 0) {
    return op.Invalid("a filter of shape " + model::ShapeText(filter) + " for " +
                      std::to_string(inputs) + " channels");
  }
  MW_TRY(CheckSumLength(op, model::ElementCount(filter) / static_cast<size_t>(outputs)));
  w.group_inputs = group_inputs;
  return std::make_unique<const ConvKernel<&reference::Conv>>(op, std::move(w));
}

KernelResult MakeDepthwiseConv2d(const OpView& op) {
  MW_TRY(op.CheckArity(2, 3, 2));
  MW_TRY(const auto* options, OptionsOf<model::DepthwiseConv2dOptions>(op));
  MW_TRY(CheckTypes(op, 3));
  const std::vector<int32_t>& filter = op.input(1).shape;
  const int32_t outputs = filter[3];
  MW_TRY(ConvWeights w, MakeWeights(op, options->conv, outputs));
  const auto inputs = static_cast<int32_t>(w.window.channels);
  if (filter[0] != 1 || outputs % inputs != 0) {
    return op.Invalid("a filter of shape " + model::ShapeText(filter) + " for " +
                      std::to_string(inputs) + " channels");
  }
  MW_TRY(CheckSumLength(op, model::ElementCount(std::array{filter[1], filter[2]})));
  w.multiplier = outputs / inputs;
  return std::make_unique<const ConvKernel<&reference::DepthwiseConv>>(op, std::move(w));
}

}  // namespace millwright::nn
