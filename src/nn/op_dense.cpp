// FULLY_CONNECTED: int8 input, weights and output; int32 bias or none; one weight scale or one per
// unit.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "nn/kernel.h"
#include "nn/kernels/reference/dense.h"
#include "nn/kernels/reference/dot.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;
using reference::DenseWeights;

// The number of rows, once all shapes agree.
Result<size_t> CheckShapes(const OpView& op, bool keep_num_dims) {
  const Tensor& input = op.input(0);
  const Tensor& weights = op.input(1);
  if (weights.shape.size() != 2)
    return op.Invalid("weights of shape " + model::ShapeText(weights.shape));
  const int32_t units = weights.shape[0], columns = weights.shape[1];
  const size_t elements = model::ElementCount(input.shape);
  if (columns == 0 || units == 0 || elements % static_cast<size_t>(columns) != 0) {
    return op.Invalid("an input of shape " + model::ShapeText(input.shape) +
                      " for weights of shape " + model::ShapeText(weights.shape));
  }
  if (static_cast<size_t>(columns) > reference::kDotColumnsMax)
    return op.Unsupported("more than 65536 inputs");
  const size_t rows = elements / static_cast<size_t>(columns);
  std::vector<int32_t> shape{static_cast<int32_t>(rows), units};
  if (keep_num_dims) {
    if (input.shape.empty() || input.shape.back() != columns)
      return op.Invalid("its input's last dimension is not the weights'");
    shape = input.shape;
    shape.back() = units;
  }
  MW_TRY(op.CheckShape(op.output(), shape, "its output"));
  return rows;
}

Result<void> CheckTypes(const OpView& op) {
  const Tensor& weights = op.input(1);
  MW_TRY(op.CheckPerTensor(op.input(0), TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  MW_TRY(op.CheckConstant(weights, TensorType::kInt8, "its weight tensor"));
  const model::Quantization& q = weights.quantization;
  if (q.scales.empty()) return op.Invalid("weights that are not quantized");
  if (q.scales.size() > 1) {
    if (q.axis != 0) return op.Invalid("weight scales along axis " + std::to_string(q.axis));
    if (std::ranges::any_of(q.zero_points, [](int64_t zero_point) { return zero_point != 0; })) {
      return op.Invalid("per-channel weights with a zero point");
    }
  }
  if (!op.has_input(2)) return {};
  MW_TRY(op.CheckConstant(op.input(2), TensorType::kInt32, "its bias"));
  if (model::ElementCount(op.input(2).shape) != static_cast<size_t>(weights.shape[0])) {
    return op.Invalid("a bias of shape " + model::ShapeText(op.input(2).shape) +
                      " for weights of shape " + model::ShapeText(weights.shape));
  }
  return {};
}

// The input's zero point goes into the bias: sum w'(x - zx) with w' = w - zw.
std::vector<int32_t> FoldedBias(const OpView& op, const DenseWeights& w) {
  std::vector<int32_t> bias(w.units, 0);
  if (op.has_input(2)) std::memcpy(bias.data(), op.input(2).data.data(), w.units * sizeof(int32_t));
  const int64_t zero_point = op.input(0).quantization.zero_points[0];
  for (size_t u = 0; u < w.units; ++u) {
    int64_t sum = -static_cast<int64_t>(w.inputs) * w.weight_zero_point;
    for (size_t i = 0; i < w.inputs; ++i) sum += w.weights[u * w.inputs + i];
    bias[u] = static_cast<int32_t>(static_cast<uint32_t>(bias[u]) -
                                   static_cast<uint32_t>(zero_point * sum));
  }
  return bias;
}

class DenseKernel : public Kernel {
 public:
  DenseKernel(const OpView& op, size_t rows, DenseWeights weights)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        rows_(rows),
        weights_(std::move(weights)) {}

  void Run(const Buffers& buffers) const override {
    const auto* in = buffers.at<const int8_t>(input_);
    auto* out = buffers.at<int8_t>(output_);
    auto* sums = reinterpret_cast<int32_t*>(buffers.scratch());
    for (size_t row = 0; row < rows_; ++row) {
      reference::Dense(weights_, in + row * weights_.inputs, sums, out + row * weights_.units);
    }
  }
  size_t scratch_bytes(size_t /*sessions*/) const override {
    return weights_.units * sizeof(int32_t);
  }
  size_t weight_bytes(size_t /*sessions*/) const override {
    return weights_.units * weights_.inputs;
  }

 private:
  int32_t input_, output_;
  size_t rows_;
  DenseWeights weights_;
};

}  // namespace

KernelResult MakeFullyConnected(const OpView& op) {
  MW_TRY(op.CheckArity(2, 3, 2));
  const auto* options = std::get_if<model::FullyConnectedOptions>(&op.op().options);
  if (options == nullptr) return op.Invalid("carries another operator's options");
  MW_TRY(const size_t rows, CheckShapes(op, options->keep_num_dims));
  MW_TRY(CheckTypes(op));
  MW_TRY(const Range8 range, ActivationRange(op, options->activation));
  const Tensor& weights = op.input(1);
  DenseWeights w;
  w.units = static_cast<size_t>(weights.shape[0]);
  w.inputs = static_cast<size_t>(weights.shape[1]);
  w.weights = reinterpret_cast<const int8_t*>(weights.data.data());
  const model::Quantization& q = weights.quantization;
  if (q.scales.size() == 1) w.weight_zero_point = static_cast<int32_t>(q.zero_points[0]);
  for (size_t u = 0; u < w.units; ++u) {
    const double weight_scale = q.scales[q.scales.size() == 1 ? 0 : u];
    w.scales.push_back(static_cast<double>(op.input(0).quantization.scales[0]) * weight_scale /
                       static_cast<double>(op.output().quantization.scales[0]));
  }
  w.bias = FoldedBias(op, w);
  w.output_zero_point = static_cast<int32_t>(op.output().quantization.zero_points[0]);
  w.output_min = range.low;
  w.output_max = range.high;
  return std::make_unique<const DenseKernel>(op, rows, std::move(w));
}

}  // namespace millwright::nn
