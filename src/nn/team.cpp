#include "nn/team.h"

#include "core/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millwright::nn {
namespace {

void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A step lasts some ten microseconds; who waits much longer lost a core to somebody else, and gives
// its own away.
constexpr int kSpins = 4000;
// After a call a worker looks out for the next one for some 100 microseconds: to be woken takes
// that long.
constexpr int kIdleSpins = 4000;

}  // namespace

Team::Team(int threads) : size_(threads), lines_(static_cast<size_t>(threads)) {
  MW_CHECK(threads >= 1);
  for (int part = 1; part < size_; ++part) threads_.emplace_back([this, part] { Work(part); });
}

Team::~Team() {
  stop_ = true;
  call_.fetch_add(1, std::memory_order_release);
  call_.notify_all();
}

void Team::Start(Function function, const void* work) {
  function_ = function;
  work_ = work;
  if (size_ > 1) {
    call_.fetch_add(1, std::memory_order_release);
    call_.notify_all();
  }
  function(work, 0);
  Barrier(0);
}

void Team::Work(int part) {
  uint32_t seen = 0;
  while (true) {
    for (int spins = 0; spins < kIdleSpins && call_.load(std::memory_order_acquire) == seen;
         ++spins)
      Pause();
    call_.wait(seen, std::memory_order_acquire);
    ++seen;
    if (stop_) return;
    function_(work_, part);
    Barrier(part);
  }
}

// Each part writes one line and reads the others': a barrier takes as long as one line takes from
// core to core.
void Team::Barrier(int part) {
  std::atomic<uint32_t>& own = lines_[static_cast<size_t>(part)].arrivals;
  const uint32_t arrivals = own.load(std::memory_order_relaxed) + 1;
  own.store(arrivals, std::memory_order_release);
  for (const Line& line : lines_) {
    // The counters wrap; no part is ever more than one arrival ahead.
    const auto behind = [&] {
      return static_cast<int32_t>(line.arrivals.load(std::memory_order_acquire) - arrivals) < 0;
    };
    for (int spins = 0; behind(); ++spins) {
      if (spins < kSpins) {
        Pause();
      } else {
        std::this_thread::yield();
      }
    }
  }
}

}  // namespace millwright::nn
