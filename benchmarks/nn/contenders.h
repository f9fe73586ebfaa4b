// A way of running a model, ready to be timed again and again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "nn/batch.h"

namespace millwright::bench {

struct ContenderOptions {
  std::string file;
  nn::KernelSet kernel_set = nn::KernelSet::kReference;
  int streams = 1, threads = 1;
};

class Contender {
 public:
  [[nodiscard]] static Result<Contender> Make(const ContenderOptions& options);

  /// All streams, one run each.
  void Invoke() { batch_->Invoke(ready_); }
  /// Nanoseconds of `times` runs in a row, after one that warms the caches up.
  [[nodiscard]] int64_t Lap(int times);
  /// Heap allocations of a run, after the first.
  [[nodiscard]] int64_t AllocationsPerRun();
  [[nodiscard]] size_t weight_bytes() const { return batch_->weight_bytes(ready_.size()); }

 private:
  Contender() = default;
  std::unique_ptr<nn::Batch> batch_;
  std::vector<nn::Session> sessions_;
  std::vector<nn::Session*> ready_;
};

/// A whole file; kNotFound where it cannot be read.
[[nodiscard]] Result<std::vector<std::byte>> ReadFile(const std::string& path);

}  // namespace millwright::bench
