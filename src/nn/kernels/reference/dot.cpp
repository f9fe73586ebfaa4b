#include "nn/kernels/reference/dot.h"

namespace millwright::nn::reference {
namespace {

int32_t Dot(const int8_t* a, const int8_t* b, size_t n) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; ++i) sum += int32_t{a[i]} * int32_t{b[i]};
  return sum;
}

}  // namespace

void MatrixVector(const int8_t* weights, const int32_t* bias, const int8_t* x, size_t rows,
                  size_t columns, int32_t* out) {
  for (size_t r = 0; r < rows; ++r) {
    const int32_t sum = Dot(weights + r * columns, x, columns);
    out[r] = static_cast<int32_t>(static_cast<uint32_t>(bias[r]) + static_cast<uint32_t>(sum));
  }
}

}  // namespace millwright::nn::reference
