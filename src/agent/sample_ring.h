// Where blocks of samples wait between the MQTT thread and the decision thread: one buffer, one
// writer, one reader, no locks, no allocation. A block always lies in one piece.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace millwright::agent {

class SampleRing {
 public:
  struct Place {
    uint64_t begin = 0;  // positions count up for ever; they are offsets modulo the capacity
    uint64_t end = 0;
  };

  explicit SampleRing(size_t capacity) : samples_(std::bit_ceil(capacity)) {}

  /// Writer only. Room for `count` samples in one piece; an empty span where there is none. Becomes
  /// the reader's when an item that carries `place` is handed over.
  [[nodiscard]] std::span<float> Reserve(size_t count, Place& place) {
    const size_t mask = samples_.size() - 1;
    uint64_t begin = write_;
    if (count > samples_.size()) return {};
    if ((begin & mask) + count > samples_.size()) begin = (begin | mask) + 1;  // on from the start
    if (begin + count - read_.load(std::memory_order_acquire) > samples_.size()) return {};
    place = {begin, begin + count};
    return {samples_.data() + (begin & mask), count};
  }
  void Commit(const Place& place) { write_ = place.end; }

  /// Reader only.
  [[nodiscard]] std::span<const float> At(const Place& place) const {
    return {samples_.data() + (place.begin & (samples_.size() - 1)),
            static_cast<size_t>(place.end - place.begin)};
  }
  void Release(const Place& place) { read_.store(place.end, std::memory_order_release); }

  /// Writer only: samples that surely fit in one piece.
  [[nodiscard]] size_t free() const {
    return (samples_.size() - static_cast<size_t>(write_ - read_.load(std::memory_order_acquire))) /
           2;
  }

 private:
  std::vector<float> samples_;
  uint64_t write_ = 0;
  std::atomic<uint64_t> read_{0};
};

}  // namespace millwright::agent
