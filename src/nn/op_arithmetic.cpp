// ADD, SUB and MUL: int8, one operand may be a constant, either may be repeated along axes of one.
#include <algorithm>
#include <string>

#include "nn/kernels/reference/arithmetic.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;
using reference::AddScales;
using reference::Broadcast;
using reference::MulScales;

template <typename Scales>
class ArithmeticKernel : public Kernel {
 public:
  ArithmeticKernel(const OpView& op, const Scales& scales, const Broadcast& shape)
      : a_(op.input_index(0)),
        b_(op.input_index(1)),
        output_(op.output_index()),
        scales_(scales),
        shape_(shape) {}
  void Run(const Buffers& buffers) const override {
    const auto* a = buffers.at<const int8_t>(a_);
    const auto* b = buffers.at<const int8_t>(b_);
    auto* out = buffers.at<int8_t>(output_);
    if constexpr (std::is_same_v<Scales, AddScales>) {
      reference::Add(scales_, shape_, a, b, out);
    } else {
      reference::Mul(scales_, shape_, a, b, out);
    }
  }

 private:
  int32_t a_, b_, output_;
  Scales scales_;
  Broadcast shape_;
};

Result<void> CheckOperands(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {2, 2}));
  for (size_t i = 0; i < 2; ++i) {
    const Tensor& input = op.input(i);
    MW_TRY(op.CheckPerTensor(input, TensorType::kInt8, "an input"));
    if (model::ElementCount(input.shape) == 0) return op.Invalid("an empty tensor");
  }
  if (!op.input(0).data.empty() && !op.input(1).data.empty())
    return op.Unsupported("only constants as inputs");
  MW_TRY(CheckWritten(op, op.output()));
  return op.CheckPerTensor(op.output(), TensorType::kInt8, "its output");
}

// Dimension `from_end` of a shape, counted from the last; missing ones are 1.
int32_t FromEnd(const std::vector<int32_t>& shape, size_t from_end) {
  return from_end < shape.size() ? shape[shape.size() - 1 - from_end] : 1;
}

// Joins an axis with the one inside it where both operands walk on as before.
void Append(Broadcast& shape, const Broadcast::Axis& axis) {
  if (axis.count == 1) return;
  Broadcast::Axis& inner = shape.axes[shape.depth - 1];
  if (inner.count == 1) {
    inner = axis;
  } else if (axis.a_pitch == inner.a_pitch * inner.count &&
             axis.b_pitch == inner.b_pitch * inner.count) {
    inner.count *= axis.count;
  } else {
    shape.axes[shape.depth++] = axis;
  }
}

Result<Broadcast> BroadcastShape(const OpView& op) {
  const std::vector<int32_t>& a = op.input(0).shape;
  const std::vector<int32_t>& b = op.input(1).shape;
  const size_t rank = std::max(a.size(), b.size());
  std::vector<int32_t> whole(rank);
  Broadcast shape{.depth = 1};  // a scalar: one axis of one
  int64_t a_pitch = 1, b_pitch = 1;
  for (size_t i = 0; i < rank; ++i) {
    const int32_t in_a = FromEnd(a, i), in_b = FromEnd(b, i);
    if (in_a != in_b && in_a != 1 && in_b != 1) {
      return op.Invalid("shapes " + model::ShapeText(a) + " and " + model::ShapeText(b) +
                        " that do not go together");
    }
    const int32_t count = std::max(in_a, in_b);
    whole[rank - 1 - i] = count;
    Append(shape, {count, in_a == 1 ? 0 : a_pitch, in_b == 1 ? 0 : b_pitch});
    a_pitch *= in_a;
    b_pitch *= in_b;
  }
  MW_TRY(op.CheckShape(op.output(), whole, "its output"));
  return shape;
}

KernelResult MakeAddOrSub(const OpView& op, bool subtract) {
  MW_TRY(CheckOperands(op));
  MW_TRY(const auto* options, OptionsOf<model::ArithmeticOptions>(op));
  MW_TRY(const Range8 range, ActivationRange(op, options->activation));
  MW_TRY(const Broadcast shape, BroadcastShape(op));
  const Tensor& a = op.input(0);
  const Tensor& b = op.input(1);
  const double twice_larger = 2 * static_cast<double>(std::max(ScaleOf(a), ScaleOf(b)));
  const double output = static_cast<double>(1 << 20) * static_cast<double>(ScaleOf(op.output()));
  AddScales scales{.a_offset = -ZeroPointOf(a),
                   .b_offset = -ZeroPointOf(b),
                   .a = ToMultiplier(static_cast<double>(ScaleOf(a)) / twice_larger),
                   .b = ToMultiplier(static_cast<double>(ScaleOf(b)) / twice_larger),
                   .subtract = subtract,
                   .output_zero_point = ZeroPointOf(op.output()),
                   .low = range.low,
                   .high = range.high};
  // At 1 the peer stops the process.
  if (!(twice_larger / output < 1)) return op.Invalid("scales too far apart");
  scales.output = ToMultiplier(twice_larger / output);
  return std::make_unique<const ArithmeticKernel<AddScales>>(op, scales, shape);
}

}  // namespace

KernelResult MakeAdd(const OpView& op) { return MakeAddOrSub(op, false); }
KernelResult MakeSub(const OpView& op) { return MakeAddOrSub(op, true); }

KernelResult MakeMul(const OpView& op) {
  MW_TRY(CheckOperands(op));
  MW_TRY(const auto* options, OptionsOf<model::ArithmeticOptions>(op));
  MW_TRY(const Range8 range, ActivationRange(op, options->activation));
  MW_TRY(const Broadcast shape, BroadcastShape(op));
  const Tensor& a = op.input(0);
  const Tensor& b = op.input(1);
  // In float32 and in this order, as the peer computes it.
  const float ratio = ScaleOf(a) * ScaleOf(b) / ScaleOf(op.output());
  MW_TRY(const Multiplier output, CheckedMultiplier(op, static_cast<double>(ratio)));
  const MulScales scales{.a_offset = -ZeroPointOf(a),
                         .b_offset = -ZeroPointOf(b),
                         .output = output,
                         .output_zero_point = ZeroPointOf(op.output()),
                         .low = range.low,
                         .high = range.high};
  return std::make_unique<const ArithmeticKernel<MulScales>>(op, scales, shape);
}

}  // namespace millwright::nn
