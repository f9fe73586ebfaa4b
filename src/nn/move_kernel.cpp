#include "nn/move_kernel.h"

#include <cstring>

namespace millwright::nn {
namespace {

using reference::CopyAxis;

// One of the two arrays is the box itself, dense; the other has `whole`'s layout.
Move MoveBox(const OpView& op, int32_t source, int32_t target, const Box& box, bool out_of) {
  const model::Tensor& whole = op.Tensor(out_of ? source : target);
  const std::vector<int64_t> outer = DensePitches(whole.shape, whole.type);
  const std::vector<int64_t> inner = DensePitches(box.box, whole.type);
  std::vector<CopyAxis> axes(outer.size());
  int64_t offset = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    axes[i] = {.count = box.box[i],
               .source_pitch = out_of ? outer[i] : inner[i],
               .target_pitch = out_of ? inner[i] : outer[i]};
    offset += outer[i] * box.begin[i];
  }
  Move move{.source = source,
            .target = target,
            .copy = reference::MakeStridedCopy(axes, model::ElementBytes(whole.type))};
  (out_of ? move.copy.source_offset : move.copy.target_offset) = offset;
  return move;
}

}  // namespace

void MoveKernel::Run(const Buffers& buffers) const {
  if (fill_) std::memset(buffers.at<std::byte>(fill_->target), fill_->value, fill_->bytes);
  for (const Move& move : moves_) {
    reference::CopyStrided(move.copy, buffers.at<const std::byte>(move.source),
                           buffers.at<std::byte>(move.target));
  }
}

std::unique_ptr<const Kernel> MakeCopy(const OpView& op) {
  Move whole{.source = op.input_index(0), .target = op.output_index()};
  whole.copy.block = model::ByteCount(op.output());
  return std::make_unique<const MoveKernel>(std::vector{whole});
}

std::vector<int64_t> DensePitches(std::span<const int32_t> shape, model::TensorType type) {
  std::vector<int64_t> pitches(shape.size());
  auto pitch = static_cast<int64_t>(model::ElementBytes(type));
  for (size_t i = shape.size(); i-- > 0; pitch *= shape[i]) pitches[i] = pitch;
  return pitches;
}

Move MoveOutOfBox(const OpView& op, int32_t source, int32_t target, const Box& box) {
  return MoveBox(op, source, target, box, true);
}

Move MoveIntoBox(const OpView& op, int32_t source, int32_t target, const Box& box) {
  return MoveBox(op, source, target, box, false);
}

}  // namespace millwright::nn
