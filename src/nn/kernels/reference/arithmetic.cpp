#include "nn/kernels/reference/arithmetic.h"

#include <algorithm>

namespace millwright::nn::reference {
namespace {

constexpr int kHeadroomBits = 20;

int8_t Clamped(int32_t value, int32_t zero_point, int32_t low, int32_t high) {
  return static_cast<int8_t>(std::clamp<int64_t>(int64_t{value} + zero_point, low, high));
}

template <typename Function>
void ForEach(const Broadcast& shape, const int8_t* a, const int8_t* b, int8_t* out,
             Function function) {
  const Broadcast::Axis inner = shape.axes[0];
  std::array<int64_t, kBroadcastAxesMax> index{};
  for (;;) {
    for (int64_t i = 0; i < inner.count; ++i)
      *out++ = function(a[i * inner.a_pitch], b[i * inner.b_pitch]);
    size_t axis = 1;
    while (axis < shape.depth && ++index[axis] == shape.axes[axis].count) {
      a -= shape.axes[axis].a_pitch * (shape.axes[axis].count - 1);
      b -= shape.axes[axis].b_pitch * (shape.axes[axis].count - 1);
      index[axis++] = 0;
    }
    if (axis >= shape.depth) return;
    a += shape.axes[axis].a_pitch;
    b += shape.axes[axis].b_pitch;
  }
}

}  // namespace

int8_t AddOne(const AddScales& s, int8_t a, int8_t b) {
  const int32_t left = Scale((a + s.a_offset) * (1 << kHeadroomBits), s.a);
  const int32_t right = Scale((b + s.b_offset) * (1 << kHeadroomBits), s.b);
  const int32_t sum = s.subtract ? left - right : left + right;
  return Clamped(Scale(sum, s.output), s.output_zero_point, s.low, s.high);
}

int8_t MulOne(const MulScales& s, int8_t a, int8_t b) {
  const int32_t product = (a + s.a_offset) * (b + s.b_offset);
  return Clamped(Scale(product, s.output), s.output_zero_point, s.low, s.high);
}

void Add(const AddScales& scales, const Broadcast& shape, const int8_t* a, const int8_t* b,
         int8_t* out) {
  ForEach(shape, a, b, out, [&](int8_t x, int8_t y) { return AddOne(scales, x, y); });
}

void Mul(const MulScales& scales, const Broadcast& shape, const int8_t* a, const int8_t* b,
         int8_t* out) {
  ForEach(shape, a, b, out, [&](int8_t x, int8_t y) { return MulOne(scales, x, y); });
}

}  // namespace millwright::nn::reference
