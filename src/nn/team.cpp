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

}  // namespace

Team::Team(int threads) : size_(threads) {
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
  Barrier();
}

void Team::Work(int part) {
  uint32_t seen = 0;
  while (true) {
    call_.wait(seen, std::memory_order_acquire);
    ++seen;
    if (stop_) return;
    function_(work_, part);
    Barrier();
  }
}

void Team::Barrier() {
  if (size_ == 1) return;
  const uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<uint32_t>(size_)) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    return;
  }
  for (int spins = 0; phase_.load(std::memory_order_acquire) == phase; ++spins) {
    if (spins < kSpins) {
      Pause();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace millwright::nn
