// The small score curve of a tile: at most 48 buckets over the last 24 h. A young machine has finer
// buckets (7 s), which double in width as its history grows, up to 30 min; so the curve is as wide
// as what is known.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/time.h"

namespace millwright::hub {

class Spark {
 public:
  static constexpr size_t kBucketsMax = 48;
  static constexpr Nanos kWidthMax = 1800 * kSecond;
  static constexpr Nanos kWidthMin = kWidthMax / 256;

  /// The largest score of a bucket stays. NaN and what is older than the curve are ignored.
  void Add(Nanos ts, float score);
  /// Oldest first; NaN where nothing was scored.
  [[nodiscard]] const std::vector<float>& values() const { return values_; }

  [[nodiscard]] std::string Pack() const;
  /// Empty where the bytes are none of ours.
  [[nodiscard]] static Spark Unpack(std::span<const std::byte> bytes);

 private:
  void Widen();

  Nanos width_ = kWidthMin;
  int64_t first_ = 0;  // bucket number of values_[0]: its time / width_
  std::vector<float> values_;
};

}  // namespace millwright::hub
