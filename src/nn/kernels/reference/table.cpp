#include "nn/kernels/reference/table.h"

#include <algorithm>
#include <cmath>

namespace millwright::nn::reference {
namespace {

template <typename Function>
Table8 FillTable(Function function) {
  Table8 table{};
  for (int32_t value = -128; value <= 127; ++value)
    table[static_cast<uint8_t>(value)] = function(value);
  return table;
}

template <typename Function>
Table8 FloatTable(Scale8 in, Scale8 out, Function function) {
  const float inverse = 1.0F / out.scale;
  return FillTable([&](int32_t value) {
    const float real = in.scale * static_cast<float>(value - in.zero_point);
    const float value_steps = function(real) * inverse;
    // 0 times infinity, where a file's scale is next to nothing: zero all the same.
    if (std::isnan(value_steps)) return static_cast<int8_t>(out.zero_point);
    const float steps = std::round(value_steps) + static_cast<float>(out.zero_point);
    return static_cast<int8_t>(std::clamp(steps, -128.0F, 127.0F));
  });
}

}  // namespace

Table8 LogisticTable(Scale8 in, Scale8 out) {
  return FloatTable(in, out, [](float x) { return 1.0F / (1.0F + std::exp(-x)); });
}

Table8 TanhTable(Scale8 in, Scale8 out) {
  return FloatTable(in, out, [](float x) { return std::tanh(x); });
}

Table8 RescaleTable(Multiplier by, int32_t in_zero_point, int32_t out_zero_point,
                    ClampRange range) {
  return FillTable([&](int32_t value) {
    const int64_t scaled = int64_t{Scale(value - in_zero_point, by)} + out_zero_point;
    return static_cast<int8_t>(std::clamp<int64_t>(scaled, range.low, range.high));
  });
}

void ApplyTable(const Table8& table, const int8_t* in, size_t count, int8_t* out) {
  for (size_t i = 0; i < count; ++i) out[i] = table[static_cast<uint8_t>(in[i])];
}

}  // namespace millwright::nn::reference
