// RESHAPE, EXPAND_DIMS and SQUEEZE: the data stays as it lies, only its shape is another.
// TRANSPOSE and REVERSE_V2: the same shape's elements in another order.
#include <algorithm>
#include <string>

#include "nn/move_kernel.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using reference::CopyAxis;

// `wanted` may hold one -1, "whatever is left". The same element count was checked before.
bool Describes(const std::vector<int32_t>& wanted, const std::vector<int32_t>& shape) {
  if (wanted.size() != shape.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != -1 && wanted[i] != shape[i]) return false;
  }
  return std::ranges::count(wanted, -1) <= 1;
}

Result<void> CheckOneToOne(const OpView& op) {
  MW_TRY(CheckComputed(op, op.input(0)));
  MW_TRY(CheckWritten(op, op.output()));
  return CheckSameType(op, op.input(0), op.output());
}

}  // namespace

KernelResult MakeReshape(const OpView& op) {
  MW_TRY(op.CheckArity(1, 2, 1));
  const Tensor& input = op.input(0);
  const Tensor& output = op.output();
  MW_TRY(CheckSameType(op, input, output));
  if (model::ElementCount(input.shape) != model::ElementCount(output.shape)) {
    return op.Invalid("shape " + model::ShapeText(input.shape) + " cannot become " +
                      model::ShapeText(output.shape));
  }
  if (op.has_input(1)) {
    MW_TRY(const std::vector<int32_t> wanted, ConstantInts(op, 1, "the new shape"));
    if (op.input(1).shape.size() == 1 && !Describes(wanted, output.shape)) {
      return op.Invalid("its output's shape " + model::ShapeText(output.shape) +
                        " is not the one that is asked for");
    }
  }
  return MakeCopy(op);
}

KernelResult MakeExpandDims(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {2, 2}));
  MW_TRY(CheckOneToOne(op));
  MW_TRY(const std::vector<int32_t> axis, ConstantInts(op, 1, "the axis"));
  if (axis.size() != 1) return op.Invalid(std::to_string(axis.size()) + " axes; it takes one");
  std::vector<int32_t> shape = op.input(0).shape;
  MW_TRY(const size_t at, ResolveAxis(op, axis[0], shape.size() + 1));
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(at), 1);
  MW_TRY(op.CheckShape(op.output(), shape, "its output"));
  return MakeCopy(op);
}

KernelResult MakeSqueeze(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {1, 1}));
  MW_TRY(const auto* options, OptionsOf<model::SqueezeOptions>(op));
  MW_TRY(CheckOneToOne(op));
  const std::vector<int32_t>& from = op.input(0).shape;
  MW_TRY(const std::vector<bool> named, ResolveAxes(op, options->axes, from.size()));
  std::vector<int32_t> shape;
  for (size_t i = 0; i < from.size(); ++i) {
    if (named[i] && from[i] != 1) return op.Invalid("axis " + std::to_string(i) + " is not 1");
    const bool goes = options->axes.empty() ? from[i] == 1 : named[i];
    if (!goes) shape.push_back(from[i]);
  }
  MW_TRY(op.CheckShape(op.output(), shape, "its output"));
  return MakeCopy(op);
}

KernelResult MakeTranspose(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {2, 2}));
  MW_TRY(CheckOneToOne(op));
  const Tensor& input = op.input(0);
  const size_t rank = input.shape.size();
  MW_TRY(const std::vector<int32_t> order, ConstantInts(op, 1, "the order of axes"));
  MW_TRY(const std::vector<bool> named, ResolveAxes(op, order, rank));
  if (order.size() != rank || std::ranges::count(named, true) != static_cast<int64_t>(rank))
    return op.Invalid("an order that does not name each axis once");
  std::vector<int32_t> shape;
  const std::vector<int64_t> from = DensePitches(input.shape, input.type);
  std::vector<CopyAxis> axes;
  for (const int32_t axis : order) {
    MW_TRY(const size_t i, ResolveAxis(op, axis, rank));
    shape.push_back(input.shape[i]);
    axes.push_back({.count = input.shape[i], .source_pitch = from[i]});
  }
  MW_TRY(op.CheckShape(op.output(), shape, "its output"));
  const std::vector<int64_t> to = DensePitches(shape, input.type);
  for (size_t i = 0; i < rank; ++i) axes[i].target_pitch = to[i];
  return std::make_unique<const MoveKernel>(std::vector<Move>{
      {.source = op.input_index(0),
       .target = op.output_index(),
       .copy = reference::MakeStridedCopy(axes, model::ElementBytes(input.type))}});
}

KernelResult MakeReverse(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {2, 2}));
  MW_TRY(CheckOneToOne(op));
  const Tensor& input = op.input(0);
  MW_TRY(op.CheckShape(op.output(), input.shape, "its output"));
  MW_TRY(const std::vector<int32_t> list, ConstantInts(op, 1, "the axes"));
  MW_TRY(const std::vector<bool> reversed, ResolveAxes(op, list, input.shape.size()));
  const std::vector<int64_t> pitches = DensePitches(input.shape, input.type);
  std::vector<CopyAxis> axes;
  int64_t offset = 0;
  for (size_t i = 0; i < pitches.size(); ++i) {
    axes.push_back({.count = input.shape[i],
                    .source_pitch = reversed[i] ? -pitches[i] : pitches[i],
                    .target_pitch = pitches[i]});
    if (reversed[i]) offset += pitches[i] * (input.shape[i] - 1);
  }
  Move move{.source = op.input_index(0),
            .target = op.output_index(),
            .copy = reference::MakeStridedCopy(axes, model::ElementBytes(input.type))};
  move.copy.source_offset = offset;
  return std::make_unique<const MoveKernel>(std::vector{move});
}

}  // namespace millwright::nn
