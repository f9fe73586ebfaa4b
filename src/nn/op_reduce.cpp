// MEAN and REDUCE_MAX over constant axes, int8.
#include <string>

#include "nn/kernels/reference/reduce.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;
using reference::MeanScale;
using reference::ReduceShape;

class MeanKernel : public Kernel {
 public:
  MeanKernel(const OpView& op, const ReduceShape& shape, const MeanScale& scale)
      : input_(op.input_index(0)), output_(op.output_index()), shape_(shape), scale_(scale) {}
  void Run(const Buffers& buffers) const override {
    reference::Mean(shape_, scale_, buffers.at<const int8_t>(input_),
                    reinterpret_cast<int32_t*>(buffers.scratch()), buffers.at<int8_t>(output_));
  }
  size_t scratch_bytes(size_t /*sessions*/) const override {
    return shape_.outputs * sizeof(int32_t);
  }

 private:
  int32_t input_, output_;
  ReduceShape shape_;
  MeanScale scale_;
};

class MaxKernel : public Kernel {
 public:
  MaxKernel(const OpView& op, const ReduceShape& shape)
      : input_(op.input_index(0)), output_(op.output_index()), shape_(shape) {}
  void Run(const Buffers& buffers) const override {
    reference::ReduceMax(shape_, buffers.at<const int8_t>(input_), buffers.at<int8_t>(output_));
  }

 private:
  int32_t input_, output_;
  ReduceShape shape_;
};

Result<ReduceShape> CheckReduce(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {2, 2}));
  const Tensor& input = op.input(0);
  MW_TRY(CheckComputed(op, input));
  MW_TRY(CheckWritten(op, op.output()));
  MW_TRY(op.CheckPerTensor(input, TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  MW_TRY(const auto* options, OptionsOf<model::ReduceOptions>(op));
  MW_TRY(const std::vector<int32_t> list, ConstantInts(op, 1, "the axes"));
  MW_TRY(const std::vector<bool> reduced, ResolveAxes(op, list, input.shape.size()));
  ReduceShape shape{.inputs = model::ElementCount(input.shape)};
  std::vector<int32_t> kept;
  for (size_t i = 0; i < input.shape.size(); ++i) {
    if (!reduced[i]) {
      kept.push_back(input.shape[i]);
    } else if (options->keep_dims) {
      kept.push_back(1);
    }
  }
  MW_TRY(op.CheckShape(op.output(), kept, "its output"));
  int64_t pitch = 1;
  for (size_t i = input.shape.size(); i-- > 0;) {
    shape.axes[shape.depth++] = {input.shape[i], reduced[i] ? 0 : pitch};
    if (!reduced[i]) pitch *= input.shape[i];
  }
  shape.outputs = static_cast<size_t>(pitch);
  return shape;
}

}  // namespace

KernelResult MakeMean(const OpView& op) {
  MW_TRY(const ReduceShape shape, CheckReduce(op));
  MW_TRY(const Multiplier ratio,
         CheckedMultiplier(op, static_cast<double>(ScaleOf(op.input(0))) /
                                   static_cast<double>(ScaleOf(op.output()))));
  const auto count = static_cast<int64_t>(shape.inputs / shape.outputs);
  const MeanScale scale{.by = reference::MeanMultiplier(ratio, count),
                        .offset = static_cast<int32_t>(ZeroPointOf(op.input(0)) * count),
                        .zero_point = ZeroPointOf(op.output())};
  return std::make_unique<const MeanKernel>(op, shape, scale);
}

KernelResult MakeReduceMax(const OpView& op) {
  MW_TRY(const ReduceShape shape, CheckReduce(op));
  MW_TRY(CheckSameScale(op, op.input(0), op.output()));
  return std::make_unique<const MaxKernel>(op, shape);
}

}  // namespace millwright::nn
