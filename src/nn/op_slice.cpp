// STRIDED_SLICE, SLICE, SPLIT and UNPACK: parts of a tensor.
#include <algorithm>
#include <string>

#include "nn/move_kernel.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;
using reference::CopyAxis;

// One axis of a slice: source index = start + i * stride, i in [0, count).
struct Axis {
  int64_t start = 0, stride = 1, count = 1;
  bool dropped = false;   // shrunk away: not in the output's shape
  bool inserted = false;  // an axis of one that reads no source axis
};

struct SliceSpec {
  std::vector<int32_t> begin{}, end{}, strides{};
  model::StridedSliceOptions masks;
  [[nodiscard]] static bool Bit(int32_t mask, size_t i) { return i < 31 && ((mask >> i) & 1) != 0; }
};

Result<Axis> ResolveSlice(const OpView& op, const SliceSpec& spec, size_t i, int64_t size) {
  Axis axis{.stride = spec.strides[i]};
  if (axis.stride == 0) return op.Invalid("a stride of zero");
  const bool forward = axis.stride > 0;
  const int64_t low = forward ? 0 : -1, high = forward ? size : size - 1;
  int64_t begin = spec.begin[i], end = spec.end[i];
  begin = SliceSpec::Bit(spec.masks.begin_mask, i)
              ? (forward ? 0 : size - 1)
              : std::clamp(begin < 0 ? begin + size : begin, low, high);
  axis.start = begin;
  if (SliceSpec::Bit(spec.masks.shrink_axis_mask, i)) {
    if (!forward || begin >= size) return op.Invalid("a single index outside its axis");
    axis.dropped = true;
    return axis;
  }
  end = SliceSpec::Bit(spec.masks.end_mask, i) ? (forward ? size : -1)
                                               : std::clamp(end < 0 ? end + size : end, low, high);
  const int64_t span = forward ? end - begin : begin - end;
  const int64_t step = forward ? axis.stride : -axis.stride;
  axis.count = span <= 0 ? 0 : (span + step - 1) / step;
  if (axis.count == 0) return op.Invalid("an empty slice");
  return axis;
}

Result<std::vector<Axis>> ResolveSlices(const OpView& op, const SliceSpec& spec) {
  const std::vector<int32_t>& shape = op.input(0).shape;
  const size_t entries = spec.begin.size();
  size_t consumed = 0, ellipsis = entries;
  for (size_t i = 0; i < entries; ++i) {
    if (SliceSpec::Bit(spec.masks.ellipsis_mask, i)) {
      if (ellipsis != entries) return op.Invalid("more than one ellipsis");
      ellipsis = i;
    } else if (!SliceSpec::Bit(spec.masks.new_axis_mask, i)) {
      ++consumed;
    }
  }
  if (consumed > shape.size()) return op.Invalid("more indices than the input has dimensions");
  std::vector<Axis> axes;
  size_t source = 0;
  const auto take_whole = [&](size_t count) {
    for (size_t k = 0; k < count; ++k) axes.push_back({.count = shape[source++]});
  };
  for (size_t i = 0; i < entries; ++i) {
    if (i == ellipsis) {
      take_whole(shape.size() - consumed);
    } else if (SliceSpec::Bit(spec.masks.new_axis_mask, i)) {
      axes.push_back({.inserted = true});
    } else {
      MW_TRY(const Axis axis, ResolveSlice(op, spec, i, shape[source++]));
      axes.push_back(axis);
    }
  }
  if (ellipsis == entries) take_whole(shape.size() - consumed);
  return axes;
}

Result<SliceSpec> ReadSpec(const OpView& op) {
  MW_TRY(const auto* options, OptionsOf<model::StridedSliceOptions>(op));
  if (options->offset) return op.Unsupported("an end given as offset");
  SliceSpec spec{.masks = *options};
  std::vector<int32_t>* lists[] = {&spec.begin, &spec.end, &spec.strides};
  for (size_t i = 1; i <= 3; ++i) {
    MW_TRY(*lists[i - 1], ConstantInts(op, i, "begin, end or strides"));
    if (op.input(i).shape.size() != 1)
      return op.Invalid("begin, end or strides that are not a list");
  }
  if (spec.begin.size() != spec.end.size() || spec.begin.size() != spec.strides.size()) {
    return op.Invalid("begin, end and strides of different lengths");
  }
  if (spec.begin.size() > 2 * reference::kCopyAxesMax) return op.Invalid("too many indices");
  return spec;
}

Move SliceMove(const OpView& op, const std::vector<Axis>& axes) {
  const Tensor& input = op.input(0);
  const std::vector<int64_t> from = DensePitches(input.shape, input.type);
  std::vector<CopyAxis> copied;
  size_t source = 0;
  int64_t offset = 0;
  for (const Axis& axis : axes) {
    if (axis.inserted) continue;
    offset += axis.start * from[source];
    copied.push_back({.count = axis.count, .source_pitch = axis.stride * from[source++]});
  }
  auto pitch = static_cast<int64_t>(model::ElementBytes(input.type));
  for (size_t i = copied.size(); i-- > 0; pitch *= copied[i].count) copied[i].target_pitch = pitch;
  Move move{.source = op.input_index(0),
            .target = op.output_index(),
            .copy = reference::MakeStridedCopy(copied, model::ElementBytes(input.type))};
  move.copy.source_offset = offset;
  return move;
}

}  // namespace

KernelResult MakeStridedSlice(const OpView& op) {
  MW_TRY(op.CheckArity(4, 4, 4));
  MW_TRY(CheckSameType(op, op.input(0), op.output()));
  MW_TRY(const SliceSpec spec, ReadSpec(op));
  MW_TRY(const std::vector<Axis> axes, ResolveSlices(op, spec));
  std::vector<int32_t> shape;
  for (const Axis& axis : axes) {
    if (!axis.dropped) shape.push_back(static_cast<int32_t>(axis.count));
  }
  MW_TRY(op.CheckShape(op.output(), shape, "its output"));
  return std::make_unique<const MoveKernel>(std::vector{SliceMove(op, axes)});
}

KernelResult MakeSlice(const OpView& op) {
  MW_TRY(CheckAllPresent(op, {3, 3}));
  const Tensor& input = op.input(0);
  MW_TRY(CheckComputed(op, input));
  MW_TRY(CheckWritten(op, op.output()));
  MW_TRY(CheckSameType(op, input, op.output()));
  MW_TRY(const std::vector<int32_t> begin, ConstantInts(op, 1, "begin"));
  MW_TRY(std::vector<int32_t> size, ConstantInts(op, 2, "size"));
  if (begin.size() != input.shape.size() || size.size() != input.shape.size())
    return op.Invalid("a begin or size that does not name every dimension");
  for (size_t i = 0; i < size.size(); ++i) {
    const int64_t left = int64_t{input.shape[i]} - begin[i];
    if (begin[i] < 0 || size[i] < -1 || left < 0 || size[i] > left)
      return op.Invalid("a slice outside its input");
    if (size[i] == -1) size[i] = static_cast<int32_t>(left);
  }
  MW_TRY(op.CheckShape(op.output(), size, "its output"));
  return std::make_unique<const MoveKernel>(
      std::vector{MoveOutOfBox(op, op.input_index(0), op.output_index(), {size, begin})});
}

KernelResult MakeSplit(const OpView& op) {
  MW_TRY(const auto* options, OptionsOf<model::SplitOptions>(op));
  const size_t count = op.op().outputs.size();
  MW_TRY(CheckAllPresent(op, {2, 2, count}));
  if (options->count < 1 || static_cast<size_t>(options->count) != count)
    return op.Invalid("a number of parts that is not its number of outputs");
  const Tensor& input = op.input(1);
  MW_TRY(CheckComputed(op, input));
  MW_TRY(const std::vector<int32_t> axis, ConstantInts(op, 0, "the axis"));
  if (axis.size() != 1) return op.Invalid(std::to_string(axis.size()) + " axes; it takes one");
  MW_TRY(const size_t along, ResolveAxis(op, axis[0], input.shape.size()));
  std::vector<int32_t> part = input.shape, begin(input.shape.size(), 0);
  if (part[along] % options->count != 0)
    return op.Invalid("an axis of " + std::to_string(part[along]) + " in " + std::to_string(count) +
                      " equal parts");
  part[along] /= options->count;
  std::vector<Move> moves;
  for (size_t i = 0; i < count; ++i, begin[along] += part[along]) {
    MW_TRY(CheckWritten(op, op.output(i)));
    MW_TRY(CheckSameType(op, input, op.output(i)));
    MW_TRY(op.CheckShape(op.output(i), part, "an output"));
    moves.push_back(MoveOutOfBox(op, op.input_index(1), op.output_index(i), {part, begin}));
  }
  return std::make_unique<const MoveKernel>(std::move(moves));
}

KernelResult MakeUnpack(const OpView& op) {
  MW_TRY(const auto* options, OptionsOf<model::StackOptions>(op));
  const size_t count = op.op().outputs.size();
  MW_TRY(CheckAllPresent(op, {1, 1, count}));
  const Tensor& input = op.input(0);
  MW_TRY(CheckComputed(op, input));
  MW_TRY(const size_t along, ResolveAxis(op, options->axis, input.shape.size()));
  if (options->count < 1 || static_cast<size_t>(options->count) != count ||
      options->count != input.shape[along])
    return op.Invalid("a number of outputs that is not the axis's extent");
  std::vector<int32_t> part = input.shape, begin(input.shape.size(), 0), shape = input.shape;
  part[along] = 1;
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(along));
  std::vector<Move> moves;
  for (size_t i = 0; i < count; ++i, ++begin[along]) {
    MW_TRY(CheckWritten(op, op.output(i)));
    MW_TRY(CheckSameType(op, input, op.output(i)));
    MW_TRY(op.CheckShape(op.output(i), shape, "an output"));
    moves.push_back(MoveOutOfBox(op, op.input_index(0), op.output_index(i), {part, begin}));
  }
  return std::make_unique<const MoveKernel>(std::move(moves));
}

}  // namespace millwright::nn
