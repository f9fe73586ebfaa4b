// ADD, SUB and MUL of two int8 arrays, the smaller one repeated along axes of one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nn/fixed_point.h"

namespace millwright::nn::reference {

/// Both inputs come to twice the larger scale with 20 bits of headroom, are summed, and go to the
/// output's scale.
struct AddScales {
  int32_t a_offset = 0, b_offset = 0;  // minus the zero points
  Multiplier a{}, b{}, output{};
  bool subtract = false;
  int32_t output_zero_point = 0;
  int32_t low = -128, high = 127;
};

struct MulScales {
  int32_t a_offset = 0, b_offset = 0;
  Multiplier output{};
  int32_t output_zero_point = 0;
  int32_t low = -128, high = 127;
};

[[nodiscard]] int8_t AddOne(const AddScales& scales, int8_t a, int8_t b);
[[nodiscard]] int8_t MulOne(const MulScales& scales, int8_t a, int8_t b);

inline constexpr size_t kBroadcastAxesMax = 8;

/// How the output's elements, in order, find their two inputs: the innermost axis first, with the
/// element pitches in a and b (0: the same element again).
struct Broadcast {
  struct Axis {
    int64_t count = 1, a_pitch = 0, b_pitch = 0;
  };
  size_t depth = 0;
  std::array<Axis, kBroadcastAxesMax> axes{};
};

void Add(const AddScales& scales, const Broadcast& shape, const int8_t* a, const int8_t* b,
         int8_t* out);
void Mul(const MulScales& scales, const Broadcast& shape, const int8_t* a, const int8_t* b,
         int8_t* out);

}  // namespace millwright::nn::reference
