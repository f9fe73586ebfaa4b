// A window that slides over an image, one axis at a time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace millwright::nn::reference {

/// Output position o looks at input positions o * stride - before + k * dilation, 0 <= k < filter,
/// as far as they lie in [0, size).
struct WindowAxis {
  int64_t size = 0, out = 0, stride = 1, dilation = 1, filter = 1, before = 0;

  struct Taps {
    int64_t origin = 0;          // input position of tap 0, inside or not
    int64_t begin = 0, end = 0;  // taps inside
  };
  [[nodiscard]] Taps At(int64_t o) const {
    const int64_t origin = o * stride - before;
    const int64_t left = size - origin;  // the first tap at or beyond it is outside
    return {.origin = origin,
            .begin = origin < 0 ? (-origin + dilation - 1) / dilation : 0,
            .end = std::min(filter, left <= 0 ? 0 : (left + dilation - 1) / dilation)};
  }
};

struct Window {
  int64_t batch = 0, channels = 0, out_channels = 0;
  WindowAxis y{}, x{};

  /// Elements from the start of the image [batch, y.size, x.size, channels].
  [[nodiscard]] int64_t Offset(int64_t b, int64_t row, int64_t column) const {
    return ((b * y.size + row) * x.size + column) * channels;
  }
};

}  // namespace millwright::nn::reference
