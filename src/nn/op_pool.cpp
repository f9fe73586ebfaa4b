// MAX_POOL_2D and AVERAGE_POOL_2D, int8.
#include "nn/kernels/reference/pool.h"
#include "nn/op_checks.h"
#include "nn/window.h"

namespace millwright::nn {
namespace {

using model::TensorType;
using reference::Pool;

template <auto kRun>
class PoolKernel : public Kernel {
 public:
  PoolKernel(const OpView& op, const Pool& pool)
      : input_(op.input_index(0)), output_(op.output_index()), pool_(pool) {}
  void Run(const Buffers& buffers) const override {
    kRun(pool_, buffers.at<const int8_t>(input_), buffers.at<int8_t>(output_));
  }

 private:
  int32_t input_, output_;
  Pool pool_;
};

Result<Pool> MakePool(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {1, 1}));
  MW_TRY(CheckComputed(op, op.input(0)));
  MW_TRY(CheckWritten(op, op.output()));
  MW_TRY(op.CheckPerTensor(op.input(0), TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  MW_TRY(CheckSameScale(op, op.input(0), op.output()));
  MW_TRY(const auto* options, OptionsOf<model::Pool2dOptions>(op));
  const int32_t channels = op.input(0).shape.empty() ? 0 : op.input(0).shape.back();
  Pool pool;
  MW_TRY(pool.window, MakeWindow(op,
                                 {.padding = options->padding,
                                  .stride_height = options->stride_height,
                                  .stride_width = options->stride_width,
                                  .filter_height = options->filter_height,
                                  .filter_width = options->filter_width},
                                 channels));
  // No window may lie wholly in the padding; the first and the last reach out farthest.
  for (const reference::WindowAxis& axis : {pool.window.y, pool.window.x}) {
    for (const int64_t position : {int64_t{0}, axis.out - 1}) {
      const auto taps = axis.At(position);
      if (taps.begin >= taps.end) return op.Invalid("a window outside its input");
    }
  }
  MW_TRY(const Range8 range, ActivationRange(op, options->activation));
  pool.low = range.low;
  pool.high = range.high;
  return pool;
}

}  // namespace

KernelResult MakeMaxPool2d(const OpView& op) {
  MW_TRY(const Pool pool, MakePool(op));
  return std::make_unique<const PoolKernel<&reference::MaxPool>>(op, pool);
}

KernelResult MakeAveragePool2d(const OpView& op) {
  MW_TRY(const Pool pool, MakePool(op));
  return std::make_unique<const PoolKernel<&reference::AveragePool>>(op, pool);
}

}  // namespace millwright::nn
