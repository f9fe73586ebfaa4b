// How a kernel set runs one LSTM layer: many streams, many steps, one call. The operator has
// checked everything; a runner packs the weights once and then only computes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "nn/kernel_set.h"
#include "nn/lstm_weights.h"

namespace millwright::nn {

class Team;

/// One machine's part of a call.
struct LstmStream {
  const int8_t* x = nullptr;  // step t at x + t * x_stride: [inputs]
  int8_t* out = nullptr;      // step t at out + t * out_stride: [units]
  int8_t* h = nullptr;        // [units], in and out
  int16_t* c = nullptr;       // [units], in and out, scale 2^cell_scale_log2
};

/// What the steps of a window got from their inputs, kept for the next window where that overlaps.
struct InputRing {
  std::byte* rows = nullptr;  // ring_bytes(steps) long, 64-byte aligned; one row a step
  size_t first = 0;           // the row of step 0
  size_t kept = 0;            // steps from 0 on whose rows are filled already
};

struct LstmCall {
  std::span<const LstmStream> streams{};
  size_t steps = 0;
  size_t x_stride = 0, out_stride = 0;
  std::byte* scratch = nullptr;     // scratch_bytes(streams.size()) long, 64-byte aligned
  Team* team = nullptr;             // null: this thread alone
  const InputRing* ring = nullptr;  // for one stream, where ring_bytes is not 0; null: keep nothing
};

/// Immutable, shared by sessions and threads. Run neither fails nor allocates, and its results do
/// not depend on how streams are grouped, on the team or on the kernel set.
class LstmRunner {
 public:
  virtual ~LstmRunner() = default;
  virtual void Run(const LstmCall& call) const = 0;
  [[nodiscard]] virtual size_t scratch_bytes(size_t streams) const = 0;
  /// Of an InputRing for windows of so many steps; 0: this runner keeps nothing.
  [[nodiscard]] virtual size_t ring_bytes(size_t /*steps*/) const { return 0; }
  /// Weight bytes that one pass over `streams` streams of one step reads from memory.
  [[nodiscard]] virtual size_t weight_bytes(size_t streams) const = 0;
};

/// The fastest runner of `set` for this layer, or the reference one where `set` has none. `weights`
/// point into the engine's graph and outlive the runner.
[[nodiscard]] std::unique_ptr<const LstmRunner> MakeLstmRunner(LstmWeights weights, KernelSet set);

}  // namespace millwright::nn
