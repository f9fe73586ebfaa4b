// In a file of its own: inlined beside its callers, gcc would take new and free for a mismatched
// pair.
#include "core/testing/counting_new.h"

#include <cstdlib>
#include <new>

namespace millwright::testing {

std::atomic<bool> g_counting{false};
std::atomic<int> g_allocations{0};

}  // namespace millwright::testing

void* operator new(size_t size) {
  if (millwright::testing::g_counting) ++millwright::testing::g_allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
// The standard library's own nothrow form calls the one above, a sanitizer's would not.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
