// One machine's minute: count, sum, least and greatest of the score and of every signal, the states
// seen and the highest level. Adding is commutative, so late and out-of-order batches give the same
// minute.
//
// Packed (little endian): u8 format 1, u8 states seen (bit = MachineState), u8 highest level, u16
// series; per series u8 name length, name, u8 unit length, unit, u32 count, f64 sum, f32 least, f32
// greatest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/time.h"

namespace millwright::hub {

inline constexpr Nanos kMinute = 60 * kSecond;

struct MinuteSeries {
  std::string unit;
  uint32_t count = 0;
  double sum = 0;
  float least = 0;
  float greatest = 0;

  void Add(float value);
};

struct Minute {
  uint8_t states = 0;
  uint8_t level_max = 0;
  std::map<std::string, MinuteSeries, std::less<>> series;

  void Add(std::string_view name, std::string_view unit, float value);
  void Merge(const Minute& other);
  [[nodiscard]] std::string Pack() const;
  /// Empty where the bytes are none of ours.
  [[nodiscard]] static Minute Unpack(std::span<const std::byte> bytes);
};

}  // namespace millwright::hub
