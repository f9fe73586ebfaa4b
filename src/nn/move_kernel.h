// Operators that move elements and change none: each is a list of strided copies, some after a
// fill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/kernel.h"
#include "nn/kernels/reference/strided_copy.h"

namespace millwright::nn {

struct Move {
  int32_t source = 0, target = 0;  // tensor indices
  reference::StridedCopy copy{};
};

/// Bytes written over a whole tensor before the copies.
struct Fill {
  int32_t target = 0;
  size_t bytes = 0;
  uint8_t value = 0;
};

class MoveKernel : public Kernel {
 public:
  explicit MoveKernel(std::vector<Move> moves, std::optional<Fill> fill = {})
      : moves_(std::move(moves)), fill_(fill) {}
  void Run(const Buffers& buffers) const override;

 private:
  std::vector<Move> moves_;
  std::optional<Fill> fill_;
};

/// The whole of a tensor, as it lies.
[[nodiscard]] std::unique_ptr<const Kernel> MakeCopy(const OpView& op);

/// Bytes from one position to the next along each axis of a dense array.
[[nodiscard]] std::vector<int64_t> DensePitches(std::span<const int32_t> shape,
                                                model::TensorType type);

/// A box inside a larger array: `box` elements along each axis, from `begin` on.
struct Box {
  std::span<const int32_t> box, begin;
};
/// Out of the larger array into a dense one, and from a dense one into the larger.
[[nodiscard]] Move MoveOutOfBox(const OpView& op, int32_t source, int32_t target, const Box& box);
[[nodiscard]] Move MoveIntoBox(const OpView& op, int32_t source, int32_t target, const Box& box);

}  // namespace millwright::nn
