#include "nn/kernels/reference/pool.h"

#include <algorithm>

namespace millwright::nn::reference {
namespace {

// out = finish(fold over the window's elements of one channel, how many they are).
template <typename Fold, typename Finish>
void ForEachWindow(const Pool& pool, const int8_t* in, int8_t* out, int64_t start, Fold fold,
                   Finish finish) {
  const Window& window = pool.window;
  for (int64_t b = 0; b < window.batch; ++b) {
    for (int64_t y = 0; y < window.y.out; ++y) {
      const WindowAxis::Taps rows = window.y.At(y);
      for (int64_t x = 0; x < window.x.out; ++x) {
        const WindowAxis::Taps columns = window.x.At(x);
        const int64_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
        for (int64_t c = 0; c < window.channels; ++c) {
          int64_t value = start;
          for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
            const int8_t* row = in + window.Offset(b, rows.origin + ky, columns.origin) + c;
            for (int64_t kx = columns.begin; kx < columns.end; ++kx)
              value = fold(value, row[kx * window.channels]);
          }
          value = finish(value, count);
          *out++ = static_cast<int8_t>(std::clamp<int64_t>(value, pool.low, pool.high));
        }
      }
    }
  }
}

}  // namespace

void MaxPool(const Pool& pool, const int8_t* in, int8_t* out) {
  ForEachWindow(
      pool, in, out, -128, [](int64_t a, int8_t b) { return std::max<int64_t>(a, b); },
      [](int64_t value, int64_t /*count*/) { return value; });
}

void AveragePool(const Pool& pool, const int8_t* in, int8_t* out) {
  ForEachWindow(
      pool, in, out, 0, [](int64_t a, int8_t b) { return a + b; },
      [](int64_t sum, int64_t count) {
        return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
      });
}

}  // namespace millwright::nn::reference
