// A latency histogram of fixed size: two significant digits from a microsecond to a minute, one
// relaxed atomic increment a value, no allocation. Layout as in Tene's HdrHistogram: linear
// buckets within each power of two.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "core/time.h"

namespace millwright::agent {

class Histogram {
 public:
  /// Negative lengths (a sensor's clock ahead of ours) count as 0.
  void Add(Nanos length) {
    const auto units = static_cast<uint64_t>(length > 0 ? length : 0) / kUnit;
    buckets_[Index(units)].fetch_add(1, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
    uint64_t max = max_.load(std::memory_order_relaxed);
    while (units > max && !max_.compare_exchange_weak(max, units, std::memory_order_relaxed)) {
    }
  }

  [[nodiscard]] uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] double max_ms() const {
    return static_cast<double>(max_.load(std::memory_order_relaxed)) * kUnitMs;
  }

  /// The smallest length that at least `share` of all values do not exceed, in ms, rounded up to
  /// its bucket's end; 0 where nothing was added.
  [[nodiscard]] double QuantileMs(double share) const {
    const uint64_t total = count();
    if (total == 0) return 0;
    const auto wanted = static_cast<uint64_t>(share * static_cast<double>(total - 1)) + 1;
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen >= wanted) return static_cast<double>(UpperEnd(i)) * kUnitMs;
    }
    return max_ms();
  }

 private:
  static constexpr Nanos kUnit = kMicrosecond;
  static constexpr double kUnitMs = 1e-3;
  static constexpr int kLinearBits = 6;  // 64 buckets in each power of two: 1.6 % wide
  static constexpr uint64_t kLinear = uint64_t{1} << kLinearBits;
  static constexpr int kDoublings = 21;  // up to 2^27 us, more than two minutes
  static constexpr size_t kBuckets = kLinear * (kDoublings + 1);

  static size_t Index(uint64_t units) {
    if (units < kLinear) return static_cast<size_t>(units);
    const int shift = static_cast<int>(std::bit_width(units)) - 1 - kLinearBits;
    const size_t index =
        kLinear * static_cast<size_t>(shift + 1) + static_cast<size_t>((units >> shift) - kLinear);
    return index < kBuckets ? index : kBuckets - 1;
  }
  static uint64_t UpperEnd(size_t index) {
    if (index < kLinear) return index;
    const size_t shift = index / kLinear - 1;
    return ((index % kLinear + kLinear + 1) << shift) - 1;
  }

  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> max_{0};
};

}  // namespace millwright::agent
