// Counts operator new while g_counting is set, so that a test can show that a path allocates
// nothing.
#pragma once

#include <atomic>

namespace millwright::testing {

extern std::atomic<bool> g_counting;
extern std::atomic<int> g_allocations;

}  // namespace millwright::testing
