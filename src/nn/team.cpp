#include "nn/team.h"

#include <sched.h>

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

// The cores this process may use, as they were when it started its first team.
const cpu_set_t& AllowedCores() {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  return allowed;
}

}  // namespace

Team::Team(int threads) : size_(threads), lines_(static_cast<size_t>(threads)) {
  MW_CHECK(threads >= 1);
  if (threads > 1) AllowedCores();
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
    lines_[0].core.store(sched_getcpu(), std::memory_order_relaxed);
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
    KeepApart(part);
    function_(work_, part);
    Barrier(part);
  }
}

void Team::KeepApart(int part) {
  const int core = sched_getcpu();
  std::atomic<int>& own = lines_[static_cast<size_t>(part)].core;
  own.store(core, std::memory_order_relaxed);
  cpu_set_t free = AllowedCores();
  bool shared = false;
  for (int before = 0; before < part; ++before) {
    const int taken = lines_[static_cast<size_t>(before)].core.load(std::memory_order_relaxed);
    if (taken < 0 || taken >= CPU_SETSIZE) continue;
    shared = shared || taken == core;
    CPU_CLR(static_cast<size_t>(taken), &free);
  }
  // Where it is refused, or no core is left, the work is as right, only slower.
  if (!shared || CPU_COUNT(&free) == 0) return;
  if (sched_setaffinity(0, sizeof free, &free) == 0)
    own.store(sched_getcpu(), std::memory_order_relaxed);
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
