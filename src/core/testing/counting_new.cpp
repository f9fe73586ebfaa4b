// In a file of its own: inlined beside its callers, gcc would take new and free for a mismatched
// pair.
#include "core/testing/counting_new.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace millwright::testing {

std::atomic<bool> g_counting{false};
std::atomic<int> g_allocations{0};

}  // namespace millwright::testing

namespace {

void* Counted(size_t size, size_t alignment) {
  if (millwright::testing::g_counting) ++millwright::testing::g_allocations;
  const size_t whole = (size == 0 ? 1 : size) + alignment - 1;
  void* memory = std::aligned_alloc(alignment, whole / alignment * alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

// Every other form of new ends in these.
void* operator new(size_t size) { return Counted(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) {
  return Counted(size, static_cast<size_t>(alignment));
}
// The standard library's own nothrow form calls the one above, a sanitizer's would not.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
