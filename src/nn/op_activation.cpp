// LOGISTIC, TANH, RELU, RELU6 and RELU_N1_TO_1: one int8 in, one int8 out, so each is a table.
#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/kernels/reference/table.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;
using reference::Scale8;
using reference::Table8;

class TableKernel : public Kernel {
 public:
  TableKernel(const OpView& op, const Table8& table)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        count_(model::ElementCount(op.input(0).shape)),
        table_(table) {}
  void Run(const Buffers& buffers) const override {
    reference::ApplyTable(table_, buffers.at<const int8_t>(input_), count_,
                          buffers.at<int8_t>(output_));
  }

 private:
  int32_t input_, output_;
  size_t count_;
  Table8 table_;
};

Scale8 ScaleOf8(const Tensor& tensor) { return {ScaleOf(tensor), ZeroPointOf(tensor)}; }

Result<void> CheckUnary8(const OpView& op) {
  MW_TRY(op.CheckArity(1, 1, 1));
  MW_TRY(op.CheckShape(op.output(), op.input(0).shape, "its output"));
  MW_TRY(op.CheckPerTensor(op.input(0), TensorType::kInt8, "its input"));
  return op.CheckPerTensor(op.output(), TensorType::kInt8, "its output");
}

KernelResult MakeClamp(const OpView& op, model::Activation activation) {
  MW_TRY(CheckUnary8(op));
  const Tensor& input = op.input(0);
  const Tensor& output = op.output();
  // A quotient of floats, as the peer divides it.
  MW_TRY(const Multiplier by,
         CheckedMultiplier(op, static_cast<double>(ScaleOf(input) / ScaleOf(output))));
  MW_TRY(const Range8 range, ActivationRange(op, activation));
  return std::make_unique<const TableKernel>(
      op, reference::RescaleTable(by, ZeroPointOf(input), ZeroPointOf(output),
                                  {range.low, range.high}));
}

}  // namespace

KernelResult MakeLogistic(const OpView& op) {
  MW_TRY(CheckUnary8(op));
  if (ScaleOf(op.output()) != 1.0F / 256) return op.Invalid("an output scale that is not 1/256");
  return std::make_unique<const TableKernel>(
      op, reference::LogisticTable(ScaleOf8(op.input(0)), ScaleOf8(op.output())));
}

KernelResult MakeTanh(const OpView& op) {
  MW_TRY(CheckUnary8(op));
  return std::make_unique<const TableKernel>(
      op, reference::TanhTable(ScaleOf8(op.input(0)), ScaleOf8(op.output())));
}

KernelResult MakeRelu(const OpView& op) { return MakeClamp(op, model::Activation::kRelu); }
KernelResult MakeRelu6(const OpView& op) { return MakeClamp(op, model::Activation::kRelu6); }
KernelResult MakeReluN1To1(const OpView& op) {
  return MakeClamp(op, model::Activation::kReluN1To1);
}

}  // namespace millwright::nn
