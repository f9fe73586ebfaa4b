// MAX_POOL_2D and AVERAGE_POOL_2D, int8. Padding is not looked at: it is no part of a maximum or a
// mean.
#pragma once

#include <cstdint>

#include "nn/kernels/reference/window.h"

namespace millwright::nn::reference {

/// Each window has a tap inside the image (the planner has checked it).
struct Pool {
  Window window;
  int32_t low = -128, high = 127;
};

void MaxPool(const Pool& pool, const int8_t* in, int8_t* out);
/// Rounded to nearest, halves away from zero.
void AveragePool(const Pool& pool, const int8_t* in, int8_t* out);

}  // namespace millwright::nn::reference
