// Functions of one int8 value, computed once for all 256 of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nn/fixed_point.h"

namespace millwright::nn::reference {

struct Scale8 {
  float scale = 1;
  int32_t zero_point = 0;
};

/// Indexed by the value's bits as uint8.
using Table8 = std::array<int8_t, 256>;

/// In float32, in the order that the peer computes it.
[[nodiscard]] Table8 LogisticTable(Scale8 in, Scale8 out);
[[nodiscard]] Table8 TanhTable(Scale8 in, Scale8 out);

/// Rescaled and clamped: RELU and its kin. `by` is the input's scale over the output's.
struct ClampRange {
  int32_t low = -128, high = 127;
};
[[nodiscard]] Table8 RescaleTable(Multiplier by, int32_t in_zero_point, int32_t out_zero_point,
                                  ClampRange range);

void ApplyTable(const Table8& table, const int8_t* in, size_t count, int8_t* out);

}  // namespace millwright::nn::reference
