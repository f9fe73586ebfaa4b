// Several machines through a model in one weight pass, on one or more threads. Sessions come and go
// from call to call; each gets what it would get alone.
//
//   nn::Batch batch(engine, {.sessions_max = 8, .threads = 2});
//   nn::Session* ready[] = {&pump_a, &pump_b};      // those whose window is complete
//   batch.Invoke(ready);                            // then read each one's Output
#pragma once

#include <memory>
#include <span>

#include "nn/session.h"

namespace millwright::nn {

struct BatchOptions {
  int sessions_max = 1;  // in one call
  int threads = 1;       // the caller's included
};

/// Not thread-safe. Allocates in its constructor only.
class Batch {
 public:
  Batch(std::shared_ptr<const Engine> engine, BatchOptions options);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Session::Invoke for each, all at once; any number, beyond sessions_max in several passes. They
  /// are sessions of this batch's engine (checked), each at most once.
  void Invoke(std::span<Session* const> sessions);

  [[nodiscard]] const Engine& engine() const;
  /// Weight bytes that one pass over so many sessions reads from memory.
  [[nodiscard]] size_t weight_bytes(size_t sessions) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millwright::nn
