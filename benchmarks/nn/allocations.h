// Heap allocations of this program, counted from its start.
#pragma once

#include <cstdint>

namespace millwright::bench {

[[nodiscard]] int64_t Allocations();

}  // namespace millwright::bench
