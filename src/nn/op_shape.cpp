// RESHAPE and STRIDED_SLICE: data moves, values stay.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "nn/kernel.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;

class CopyKernel : public Kernel {
 public:
  explicit CopyKernel(const OpView& op)
      : input_(op.input_index(0)),
        output_(op.output_index()),
        bytes_(model::ByteCount(op.output())) {}
  void Run(const Buffers& buffers) const override {
    std::memcpy(buffers.at<std::byte>(output_), buffers.at<std::byte>(input_), bytes_);
  }

 private:
  int32_t input_, output_;
  size_t bytes_;
};

std::vector<int32_t> Int32s(const Tensor& tensor) {
  std::vector<int32_t> values(tensor.data.size() / sizeof(int32_t));
  if (!values.empty())
    std::memcpy(values.data(), tensor.data.data(), values.size() * sizeof(int32_t));
  return values;
}

// `wanted` may hold one -1, "whatever is left". The same element count was checked before.
bool Describes(const std::vector<int32_t>& wanted, const std::vector<int32_t>& shape) {
  if (wanted.size() != shape.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != -1 && wanted[i] != shape[i]) return false;
  }
  return std::ranges::count(wanted, -1) <= 1;
}

constexpr size_t kAxesMax = 8;

// One axis of a slice: source index = start + i * stride, i in [0, count).
struct Axis {
  int64_t start = 0, stride = 1, count = 1;
  bool dropped = false;  // shrunk away: not in the output's shape
};

struct SliceSpec {
  std::vector<int32_t> begin, end, strides;
  model::StridedSliceOptions masks;
  [[nodiscard]] static bool Bit(int32_t mask, size_t i) { return i < 31 && ((mask >> i) & 1) != 0; }
};

Result<Axis> ResolveAxis(const OpView& op, const SliceSpec& spec, size_t i, int64_t size) {
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

Result<std::vector<Axis>> ResolveAxes(const OpView& op, const SliceSpec& spec) {
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
      axes.push_back({.stride = 0});  // an axis of one that reads no source axis
    } else {
      MW_TRY(const Axis axis, ResolveAxis(op, spec, i, shape[source++]));
      axes.push_back(axis);
    }
  }
  if (ellipsis == entries) take_whole(shape.size() - consumed);
  return axes;
}

class SliceKernel : public Kernel {
 public:
  SliceKernel(const OpView& op, const std::vector<Axis>& axes)
      : input_(op.input_index(0)), output_(op.output_index()) {
    // From the last axis inwards: each source axis steps over the product of the axes behind it.
    int64_t pitch = static_cast<int64_t>(model::ElementBytes(op.input(0).type));
    block_ = static_cast<size_t>(pitch);
    size_t source = op.input(0).shape.size();
    for (size_t i = axes.size(); i-- > 0;) {
      if (axes[i].stride == 0) continue;
      const int64_t size = op.input(0).shape[--source];
      base_ += axes[i].start * pitch;
      // Whole inner axes are copied as one piece.
      const bool contiguous = depth_ == 0 && axes[i].stride * pitch == static_cast<int64_t>(block_);
      if (contiguous) {
        block_ *= static_cast<size_t>(axes[i].count);
      } else if (axes[i].count > 1) {
        counts_[depth_] = axes[i].count;
        pitches_[depth_++] = axes[i].stride * pitch;
      }
      pitch *= size;
    }
  }

  void Run(const Buffers& buffers) const override {
    const std::byte* in = buffers.at<const std::byte>(input_) + base_;
    std::byte* out = buffers.at<std::byte>(output_);
    std::array<int64_t, kAxesMax> index{};
    for (;;) {
      std::memcpy(out, in, block_);
      out += block_;
      size_t axis = 0;  // the innermost one first
      while (axis < depth_ && ++index[axis] == counts_[axis]) {
        in -= pitches_[axis] * (counts_[axis] - 1);
        index[axis++] = 0;
      }
      if (axis == depth_) return;
      in += pitches_[axis];
    }
  }

 private:
  int32_t input_, output_;
  size_t block_ = 1, depth_ = 0;
  int64_t base_ = 0;
  std::array<int64_t, kAxesMax> counts_{}, pitches_{};
};

Result<SliceSpec> ReadSpec(const OpView& op) {
  const auto* options = std::get_if<model::StridedSliceOptions>(&op.op().options);
  if (options == nullptr) return op.Invalid("carries another operator's options");
  if (options->offset) return op.Unsupported("an end given as offset");
  for (size_t i = 1; i <= 3; ++i) {
    MW_TRY(op.CheckConstant(op.input(i), TensorType::kInt32, "begin, end or strides"));
    if (op.input(i).shape.size() != 1)
      return op.Invalid("begin, end or strides that are not a list");
  }
  SliceSpec spec{.begin = Int32s(op.input(1)),
                 .end = Int32s(op.input(2)),
                 .strides = Int32s(op.input(3)),
                 .masks = *options};
  if (spec.begin.size() != spec.end.size() || spec.begin.size() != spec.strides.size()) {
    return op.Invalid("begin, end and strides of different lengths");
  }
  if (spec.begin.size() > 2 * kAxesMax) return op.Invalid("too many indices");
  return spec;
}

}  // namespace

KernelResult MakeReshape(const OpView& op) {
  MW_TRY(op.CheckArity(1, 2, 1));
  const Tensor& input = op.input(0);
  const Tensor& output = op.output();
  if (input.type != output.type) return op.Invalid("input and output of different types");
  if (model::ElementCount(input.shape) != model::ElementCount(output.shape)) {
    return op.Invalid("shape " + model::ShapeText(input.shape) + " cannot become " +
                      model::ShapeText(output.shape));
  }
  if (op.has_input(1)) {
    MW_TRY(op.CheckConstant(op.input(1), TensorType::kInt32, "the new shape"));
    if (op.input(1).shape.size() == 1 && !Describes(Int32s(op.input(1)), output.shape)) {
      return op.Invalid("its output's shape " + model::ShapeText(output.shape) +
                        " is not the one that is asked for");
    }
  }
  return std::make_unique<const CopyKernel>(op);
}

KernelResult MakeStridedSlice(const OpView& op) {
  MW_TRY(op.CheckArity(4, 4, 4));
  if (op.input(0).type != op.output().type)
    return op.Invalid("input and output of different types");
  MW_TRY(const SliceSpec spec, ReadSpec(op));
  MW_TRY(const std::vector<Axis> axes, ResolveAxes(op, spec));
  std::vector<int32_t> shape;
  for (const Axis& axis : axes) {
    if (!axis.dropped) shape.push_back(static_cast<int32_t>(axis.count));
  }
  MW_TRY(op.CheckShape(op.output(), shape, "its output"));
  return std::make_unique<const SliceKernel>(op, axes);
}

}  // namespace millwright::nn
