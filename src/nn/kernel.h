// What the plan is made of: one Kernel per operator. Make... functions check an operator once
// (tflite-micro's Prepare); Run then trusts everything it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"
#include "model/graph.h"
#include "nn/kernel_set.h"

namespace millwright::nn {

/// Where the tensors of one session lie. `at(t)` is null for an absent optional tensor only.
class Buffers {
 public:
  Buffers(std::byte* const* tensors, std::byte* scratch) : tensors_(tensors), scratch_(scratch) {}
  template <typename T>
  [[nodiscard]] T* at(int32_t tensor) const {
    return reinterpret_cast<T*>(tensors_[tensor]);
  }
  /// The kernel's own scratch memory, scratch_bytes() long, 64-byte aligned.
  [[nodiscard]] std::byte* scratch() const { return scratch_; }

 private:
  std::byte* const* tensors_;
  std::byte* scratch_;
};

class Team;
struct InputRing;

/// A cache line, and any vector register: how every tensor and scratch area is aligned.
inline constexpr size_t kArenaAlignment = 64;

/// Immutable and shared by all sessions. No allocation, no failure in Run.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void Run(const Buffers& buffers) const = 0;
  /// Several sessions in one call, for operators that then read their weights once. `scratch` is
  /// scratch_bytes(sessions) long; `team` may be null (this thread alone).
  virtual void RunMany(std::span<const Buffers> sessions, std::byte* scratch, Team* team) const {
    static_cast<void>(scratch);
    static_cast<void>(team);
    for (const Buffers& buffers : sessions) Run(buffers);
  }
  /// A run of a window that overlaps the one before, for operators that can keep what they made of
  /// their inputs: ring_bytes() of it, in steps() rows; 0: nothing is kept.
  virtual void RunWithRing(const Buffers& buffers, const InputRing& ring) const {
    static_cast<void>(ring);
    Run(buffers);
  }
  [[nodiscard]] virtual size_t ring_bytes() const { return 0; }
  [[nodiscard]] virtual size_t steps() const { return 1; }
  [[nodiscard]] virtual size_t scratch_bytes(size_t sessions) const {
    static_cast<void>(sessions);
    return 0;
  }
  /// Constant bytes that a run of so many sessions reads: what one run streams from memory.
  [[nodiscard]] virtual size_t weight_bytes(size_t sessions) const {
    static_cast<void>(sessions);
    return 0;
  }
};

using KernelResult = Result<std::unique_ptr<const Kernel>>;

/// The operator being planned, with the words that every complaint about it begins with.
class OpView {
 public:
  OpView(const model::Graph& graph, size_t index, KernelSet kernel_set)
      : graph_(graph), op_(graph.ops[index]), index_(index), kernel_set_(kernel_set) {}

  /// What the plan is made for.
  [[nodiscard]] KernelSet kernel_set() const { return kernel_set_; }

  [[nodiscard]] const model::Op& op() const { return op_; }
  [[nodiscard]] int32_t input_index(size_t i) const {
    return i < op_.inputs.size() ? op_.inputs[i] : -1;
  }
  [[nodiscard]] int32_t output_index(size_t i = 0) const { return op_.outputs[i]; }
  [[nodiscard]] bool has_input(size_t i) const { return input_index(i) >= 0; }
  [[nodiscard]] const model::Tensor& input(size_t i) const { return Tensor(input_index(i)); }
  [[nodiscard]] const model::Tensor& output(size_t i = 0) const { return Tensor(output_index(i)); }
  [[nodiscard]] const model::Tensor& Tensor(int32_t index) const {
    return graph_.tensors[static_cast<size_t>(index)];
  }

  /// "nn: op 3 (SOFTMAX): <what>".
  [[nodiscard]] tl::unexpected<Error> Invalid(const std::string& what) const;
  [[nodiscard]] tl::unexpected<Error> Unsupported(const std::string& what) const;

  /// `min..max` inputs, the first `required` present, one output.
  [[nodiscard]] Result<void> CheckArity(size_t inputs_min, size_t inputs_max,
                                        size_t required) const;
  /// A computed (not constant) tensor of this type with one scale and zero point.
  [[nodiscard]] Result<void> CheckPerTensor(const model::Tensor& tensor, model::TensorType type,
                                            const char* role) const;
  [[nodiscard]] Result<void> CheckConstant(const model::Tensor& tensor, model::TensorType type,
                                           const char* role) const;
  [[nodiscard]] Result<void> CheckShape(const model::Tensor& tensor, std::span<const int32_t> shape,
                                        const char* role) const;

 private:
  [[nodiscard]] std::string Prefix() const;
  const model::Graph& graph_;
  const model::Op& op_;
  size_t index_;
  KernelSet kernel_set_;
};

[[nodiscard]] KernelResult MakeLstm(const OpView& op);
[[nodiscard]] KernelResult MakeFullyConnected(const OpView& op);
[[nodiscard]] KernelResult MakeSoftmax(const OpView& op);
[[nodiscard]] KernelResult MakeLogistic(const OpView& op);
[[nodiscard]] KernelResult MakeTanh(const OpView& op);
[[nodiscard]] KernelResult MakeRelu(const OpView& op);
[[nodiscard]] KernelResult MakeRelu6(const OpView& op);
[[nodiscard]] KernelResult MakeReluN1To1(const OpView& op);
[[nodiscard]] KernelResult MakeReshape(const OpView& op);
[[nodiscard]] KernelResult MakeExpandDims(const OpView& op);
[[nodiscard]] KernelResult MakeSqueeze(const OpView& op);
[[nodiscard]] KernelResult MakeTranspose(const OpView& op);
[[nodiscard]] KernelResult MakeReverse(const OpView& op);
[[nodiscard]] KernelResult MakeStridedSlice(const OpView& op);
[[nodiscard]] KernelResult MakeSlice(const OpView& op);
[[nodiscard]] KernelResult MakeSplit(const OpView& op);
[[nodiscard]] KernelResult MakeUnpack(const OpView& op);
[[nodiscard]] KernelResult MakeConcatenation(const OpView& op);
[[nodiscard]] KernelResult MakePack(const OpView& op);
[[nodiscard]] KernelResult MakePad(const OpView& op);
[[nodiscard]] KernelResult MakeAdd(const OpView& op);
[[nodiscard]] KernelResult MakeSub(const OpView& op);
[[nodiscard]] KernelResult MakeMul(const OpView& op);
[[nodiscard]] KernelResult MakeMean(const OpView& op);
[[nodiscard]] KernelResult MakeReduceMax(const OpView& op);
[[nodiscard]] KernelResult MakeConv2d(const OpView& op);
[[nodiscard]] KernelResult MakeDepthwiseConv2d(const OpView& op);
[[nodiscard]] KernelResult MakeMaxPool2d(const OpView& op);
[[nodiscard]] KernelResult MakeAveragePool2d(const OpView& op);
[[nodiscard]] KernelResult MakeQuantize(const OpView& op);
[[nodiscard]] KernelResult MakeDequantize(const OpView& op);

}  // namespace millwright::nn
