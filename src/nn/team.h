// A few threads that work on one call together. They spin between the short parts of a call, and
// for a moment after it; then they sleep. Two on one core would wait for each other by turns, and a
// scheduler that packs short work does put them there: each part tells its core, and a worker that
// finds itself on the core of an earlier part moves to another.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace millwright::nn {

class Team {
 public:
  /// `threads` in all, the caller's included; at least 1.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] int size() const { return size_; }

  /// Calls work(part) once for each part 0..size-1, one on each thread (part 0 on the caller's),
  /// and waits for all. Not reentrant; one caller at a time.
  template <typename Work>
  void Run(const Work& work) {
    Start([](const void* w, int part) { (*static_cast<const Work*>(w))(part); }, &work);
  }

  /// Inside work, for each part: waits until every part has come here. What one wrote before, all
  /// see after.
  void Barrier(int part);

 private:
  using Function = void (*)(const void* work, int part);
  void Start(Function function, const void* work);
  void Work(int part);
  /// Moves this worker away from the cores of the parts before it, where there are enough cores.
  void KeepApart(int part);

  const int size_;
  Function function_ = nullptr;
  const void* work_ = nullptr;
  // On lines of their own: waiting threads read them all the time.
  alignas(64) std::atomic<uint32_t> call_{0};
  struct alignas(64) Line {
    std::atomic<uint32_t> arrivals{0};
    std::atomic<int> core{-1};
  };
  std::vector<Line> lines_;
  std::atomic<bool> stop_{false};
  std::vector<std::jthread> threads_;
};

}  // namespace millwright::nn
