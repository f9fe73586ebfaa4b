// A bounded queue between exactly one producer and one consumer thread, without locks or allocation
// after it is made. Source: Lamport's ring with cached indices, as in Rigtorp's and folly's
// ProducerConsumerQueue.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace millwright {

template <typename T>
class SpscQueue {
 public:
  /// Holds at least `capacity` items (rounded up to a power of two).
  explicit SpscQueue(size_t capacity)
      : slots_(std::bit_ceil(capacity < 2 ? size_t{2} : capacity)) {}

  /// Producer only. False when full: the caller counts what it drops.
  [[nodiscard]] bool TryPush(T&& item) {
    T* slot = BeginPush();
    if (slot == nullptr) return false;
    *slot = std::move(item);
    CommitPush();
    return true;
  }

  /// Producer only. The next free slot to fill in place (its old content keeps its capacity), or
  /// null when full.
  [[nodiscard]] T* BeginPush() {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == slots_.size()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == slots_.size()) return nullptr;
    }
    return &slots_[tail & (slots_.size() - 1)];
  }
  void CommitPush() {
    tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Consumer only. The oldest item, or null when empty; it stays until CommitPop.
  [[nodiscard]] T* BeginPop() {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return nullptr;
    }
    return &slots_[head & (slots_.size() - 1)];
  }
  void CommitPop() {
    head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Consumer only.
  [[nodiscard]] std::optional<T> TryPop() {
    T* item = BeginPop();
    if (item == nullptr) return std::nullopt;
    std::optional<T> out(std::move(*item));
    CommitPop();
    return out;
  }

  /// Any thread; exact only when both sides rest.
  [[nodiscard]] size_t size() const {
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire);
  }
  [[nodiscard]] size_t capacity() const { return slots_.size(); }

 private:
  std::vector<T> slots_;
  alignas(64) std::atomic<size_t> head_{0};
  size_t tail_seen_ = 0;  // the consumer's view of tail_
  alignas(64) std::atomic<size_t> tail_{0};
  size_t head_seen_ = 0;  // the producer's view of head_
};

}  // namespace millwright
