// Zeroed memory that begins on a cache line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace millwright::nn {

struct AlignedDelete {
  void operator()(std::byte* memory) const { ::operator delete (memory, std::align_val_t{64}); }
};
using AlignedMemory = std::unique_ptr<std::byte, AlignedDelete>;

[[nodiscard]] inline AlignedMemory MakeAligned(size_t bytes) {
  bytes = std::max<size_t>(bytes, 1);
  AlignedMemory memory(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64})));
  std::memset(memory.get(), 0, bytes);
  return memory;
}

}  // namespace millwright::nn
