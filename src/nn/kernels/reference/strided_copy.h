// A copy between two memory layouts of one array: slices, transpositions, reversals, paddings and
// joins are all this.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace millwright::nn::reference {

inline constexpr size_t kCopyAxesMax = 8;

/// One axis: how many positions, and how far apart they lie in each array, in bytes. A pitch may be
/// negative (backwards); from `offset` on.
struct CopyAxis {
  int64_t count = 1;
  int64_t source_pitch = 0, target_pitch = 0;
};

struct StridedCopy {
  size_t block = 0;  // bytes that lie together in both
  size_t depth = 0;
  int64_t source_offset = 0, target_offset = 0;
  std::array<CopyAxis, kCopyAxesMax> axes{};  // the innermost first
};

/// Joins axes that lie together in both arrays, so that the copy moves the longest blocks. Axes are
/// given the outermost first, at most kCopyAxesMax of them; an axis of one may have any pitch.
[[nodiscard]] StridedCopy MakeStridedCopy(std::span<const CopyAxis> axes, size_t element_bytes);

void CopyStrided(const StridedCopy& copy, const std::byte* source, std::byte* target);

}  // namespace millwright::nn::reference
