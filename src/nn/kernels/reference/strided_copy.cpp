#include "nn/kernels/reference/strided_copy.h"

#include <cstring>

#include "core/check.h"

namespace millwright::nn::reference {

StridedCopy MakeStridedCopy(std::span<const CopyAxis> axes, size_t element_bytes) {
  MW_CHECK(axes.size() <= kCopyAxesMax);
  StridedCopy copy{.block = element_bytes};
  for (size_t i = axes.size(); i-- > 0;) {
    const CopyAxis& axis = axes[i];
    if (axis.count == 1) continue;
    const auto block = static_cast<int64_t>(copy.block);
    if (copy.depth == 0 && axis.source_pitch == block && axis.target_pitch == block) {
      copy.block *= static_cast<size_t>(axis.count);
      continue;
    }
    if (copy.depth > 0) {
      CopyAxis& inner = copy.axes[copy.depth - 1];
      if (axis.source_pitch == inner.source_pitch * inner.count &&
          axis.target_pitch == inner.target_pitch * inner.count) {
        inner.count *= axis.count;
        continue;
      }
    }
    copy.axes[copy.depth++] = axis;
  }
  return copy;
}

void CopyStrided(const StridedCopy& copy, const std::byte* source, std::byte* target) {
  source += copy.source_offset;
  target += copy.target_offset;
  std::array<int64_t, kCopyAxesMax> index{};
  for (;;) {
    std::memcpy(target, source, copy.block);
    size_t axis = 0;
    while (axis < copy.depth && ++index[axis] == copy.axes[axis].count) {
      source -= copy.axes[axis].source_pitch * (copy.axes[axis].count - 1);
      target -= copy.axes[axis].target_pitch * (copy.axes[axis].count - 1);
      index[axis++] = 0;
    }
    if (axis == copy.depth) return;
    source += copy.axes[axis].source_pitch;
    target += copy.axes[axis].target_pitch;
  }
}

}  // namespace millwright::nn::reference
