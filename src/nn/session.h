// One stream through a model: its state tensors and its scratch memory. Nothing here allocates
// after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/result.h"
#include "nn/engine.h"

namespace millwright::nn {

class Buffers;

struct SessionOptions {
  /// Keep what the first layer made of its inputs, for RunNext; worth its memory where
  /// engine->overlap_share() is not small.
  bool keep_inputs = false;
};

/// Not thread-safe; make one per machine. Several sessions of one engine may run at the same time.
class Session {
 public:
  explicit Session(std::shared_ptr<const Engine> engine, SessionOptions options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// One run of a model with one int8 input and one int8 output; sizes must be theirs (checked).
  /// State carries on from the run before; call ResetState first for a window that stands alone.
  void Run(std::span<const int8_t> in, std::span<int8_t> out);
  /// The same for any types, as raw little-endian bytes.
  void RunBytes(std::span<const std::byte> in, std::span<std::byte> out);

  /// A window that stands alone (state is reset first) and moved on by `hop` steps since the last
  /// call of this function. Steps that both windows share are not multiplied by the first layer's
  /// input weights again; they are compared, so that any window gives what Run gives.
  void RunNext(std::span<const int8_t> window, std::span<int8_t> out, size_t hop);

  /// In parts, for models with several inputs or outputs: fill Input(i), Invoke, read Output(i).
  [[nodiscard]] std::span<std::byte> Input(int i = 0);
  void Invoke();
  [[nodiscard]] std::span<const std::byte> Output(int i = 0) const;

  /// Sets every state tensor to its real zero, as a fresh session has them.
  void ResetState();
  /// All state tensors in one piece (engine().state_bytes() long): for snapshots that survive a
  /// restart.
  [[nodiscard]] std::span<const std::byte> State() const;
  /// kInvalid where the size is another model's.
  [[nodiscard]] Result<void> RestoreState(std::span<const std::byte> state);

  /// What any tensor holds after the last run; constants too. `index` counts in the file's order.
  [[nodiscard]] std::span<const std::byte> TensorData(int index) const;
  [[nodiscard]] const Engine& engine() const { return *engine_; }

 private:
  friend class Batch;
  [[nodiscard]] Buffers buffers() const;

  struct Arena;
  struct Overlap;
  std::shared_ptr<const Engine> engine_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Overlap> overlap_;  // null: nothing is kept
};

}  // namespace millwright::nn
