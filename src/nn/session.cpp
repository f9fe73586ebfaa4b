#include "nn/session.h"

#include <cstring>
#include <vector>

#include "core/check.h"
#include "nn/aligned_memory.h"
#include "nn/kernel.h"
#include "nn/lstm_runner.h"

namespace millwright::nn {
struct Session::Arena {
  AlignedMemory memory;
  std::vector<std::byte*> tensors;
  std::byte* scratch = nullptr;
};

// The window of the last RunNext, and what the first layer made of its steps.
struct Session::Overlap {
  AlignedMemory rows;
  std::vector<int8_t> window;
  size_t steps = 0;
  size_t first = 0;
  bool filled = false;

  /// Steps from 0 on that are known.
  [[nodiscard]] size_t MoveOn(std::span<const int8_t> next, size_t hop) {
    const size_t bytes = window.size() / steps * hop;
    const bool same = filled && hop < steps &&
                      std::memcmp(window.data() + bytes, next.data(), window.size() - bytes) == 0;
    std::memcpy(window.data(), next.data(), next.size());
    filled = true;
    if (!same) return 0;
    first = (first + hop) % steps;
    return steps - hop;
  }
};

Session::Session(std::shared_ptr<const Engine> engine, SessionOptions options)
    : engine_(std::move(engine)), arena_(std::make_unique<Arena>()) {
  const Engine& e = *engine_;
  arena_->memory = MakeAligned(e.arena_bytes_);
  for (size_t i = 0; i < e.offsets_.size(); ++i) {
    // Constants are shared with the engine. Kernels never write an input; the plan has checked who
    // writes what.
    arena_->tensors.push_back(e.offsets_[i] == Engine::kNoOffset
                                  ? const_cast<std::byte*>(e.graph_.tensors[i].data.data())
                                  : arena_->memory.get() + e.offsets_[i]);
  }
  arena_->scratch = arena_->memory.get() + e.scratch_offset_;
  if (options.keep_inputs && e.overlap_kernel_ != Engine::kNoKernel) {
    const Kernel& layer = *e.kernels_[e.overlap_kernel_];
    overlap_ = std::make_unique<Overlap>();
    overlap_->rows = MakeAligned(layer.ring_bytes());
    overlap_->window.resize(e.input().bytes);
    overlap_->steps = layer.steps();
  }
  ResetState();
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

std::span<std::byte> Session::Input(int i) {
  const size_t index = Engine::Index(engine_->inputs_, i);
  return {arena_->tensors[index], engine_->tensors_[index].bytes};
}

std::span<const std::byte> Session::Output(int i) const {
  return TensorData(static_cast<int>(Engine::Index(engine_->outputs_, i)));
}

std::span<const std::byte> Session::TensorData(int index) const {
  MW_CHECK(index >= 0 && static_cast<size_t>(index) < arena_->tensors.size());
  const auto i = static_cast<size_t>(index);
  return {arena_->tensors[i], engine_->tensors_[i].bytes};
}

void Session::Invoke() {
  const Buffers own = buffers();
  for (const auto& kernel : engine_->kernels_) kernel->Run(own);
}

Buffers Session::buffers() const { return {arena_->tensors.data(), arena_->scratch}; }

void Session::RunBytes(std::span<const std::byte> in, std::span<std::byte> out) {
  MW_CHECK(engine_->input_count() == 1 && engine_->output_count() == 1);
  MW_CHECK(in.size() == engine_->input().bytes && out.size() == engine_->output().bytes);
  std::memcpy(Input().data(), in.data(), in.size());
  Invoke();
  std::memcpy(out.data(), Output().data(), out.size());
}

void Session::Run(std::span<const int8_t> in, std::span<int8_t> out) {
  MW_CHECK(engine_->input().type == model::TensorType::kInt8 &&
           engine_->output().type == model::TensorType::kInt8);
  RunBytes(std::as_bytes(in), std::as_writable_bytes(out));
}

void Session::RunNext(std::span<const int8_t> window, std::span<int8_t> out, size_t hop) {
  ResetState();
  if (!overlap_) return Run(window, out);
  MW_CHECK(engine_->input().type == model::TensorType::kInt8 &&
           engine_->output().type == model::TensorType::kInt8);
  MW_CHECK(window.size() == engine_->input().bytes && out.size() == engine_->output().bytes);
  const size_t kept = overlap_->MoveOn(window, hop);
  std::memcpy(Input().data(), window.data(), window.size());
  const InputRing ring{.rows = overlap_->rows.get(), .first = overlap_->first, .kept = kept};
  const Buffers own = buffers();
  for (size_t i = 0; i < engine_->kernels_.size(); ++i) {
    if (i == engine_->overlap_kernel_) {
      engine_->kernels_[i]->RunWithRing(own, ring);
    } else {
      engine_->kernels_[i]->Run(own);
    }
  }
  std::memcpy(out.data(), Output().data(), out.size());
}

void Session::ResetState() {
  for (size_t i = 0; i < engine_->tensors_.size(); ++i) {
    const TensorInfo& info = engine_->tensors_[i];
    if (!info.is_state) continue;
    // int8 states rest at their zero point; wider ones are symmetric.
    const int value = info.type == model::TensorType::kInt8 ? info.zero_point : 0;
    std::memset(arena_->tensors[i], value, info.bytes);
  }
}

std::span<const std::byte> Session::State() const {
  return {arena_->memory.get(), engine_->state_bytes_};
}

Result<void> Session::RestoreState(std::span<const std::byte> state) {
  if (state.size() != engine_->state_bytes_) {
    return Fail(Errc::kInvalid, "nn: a snapshot of " + std::to_string(state.size()) +
                                    " bytes; this model's state has " +
                                    std::to_string(engine_->state_bytes_));
  }
  std::memcpy(arena_->memory.get(), state.data(), state.size());
  return {};
}

}  // namespace millwright::nn
