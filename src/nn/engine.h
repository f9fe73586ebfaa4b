// The INT8 engine: a .tflite model becomes an immutable plan, which any number of sessions (one per
// machine) run. Results equal those of TensorFlow Lite's reference kernels (BUILTIN_REF) byte for
// byte.
//
//   MW_TRY(const auto engine, nn::Engine::Load(file_bytes));
//   nn::Session session(engine);
//   session.Run(window, scores);        // allocates nothing
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/graph.h"
#include "nn/kernel_set.h"

namespace millwright::nn {

class Kernel;

struct LoadOptions {
  KernelSet kernel_set = BestKernelSet();  // an available one
};

struct TensorInfo {
  std::string name;
  model::TensorType type = model::TensorType::kInt8;
  std::vector<int32_t> shape;
  float scale = 0;         // 0: not quantized, or per channel
  int32_t zero_point = 0;  // real = (stored - zero_point) * scale
  size_t bytes = 0;
  bool is_constant = false;
  bool is_state = false;  // persists from run to run until ResetState
  [[nodiscard]] size_t elements() const { return model::ElementCount(shape); }
};

/// A loaded model. Immutable: share it between threads and sessions. Holds the weights once.
class Engine {
 public:
  /// Reads and checks a .tflite file and plans its run. kInvalid: broken file, or shapes, types or
  /// scales that contradict each other; kUnsupported: an operator or variant that this engine does
  /// not run (all are listed); kExhausted: larger than any gateway's model.
  [[nodiscard]] static Result<std::shared_ptr<const Engine>> Load(std::span<const std::byte> file,
                                                                  LoadOptions options = {});
  /// The same for a graph in memory.
  [[nodiscard]] static Result<std::shared_ptr<const Engine>> Load(model::Graph graph,
                                                                  LoadOptions options = {});

  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const TensorInfo& input(int i = 0) const { return tensors_[Index(inputs_, i)]; }
  [[nodiscard]] const TensorInfo& output(int i = 0) const { return tensors_[Index(outputs_, i)]; }
  [[nodiscard]] int input_count() const { return static_cast<int>(inputs_.size()); }
  [[nodiscard]] int output_count() const { return static_cast<int>(outputs_.size()); }

  /// Tensors in the file's order; `model run --tensor N` means these.
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const { return tensors_; }
  [[nodiscard]] const model::Graph& graph() const { return graph_; }

  [[nodiscard]] KernelSet kernel_set() const { return options_.kernel_set; }

  /// Multiply-accumulates of one run; weight bytes read by it; bytes of one session.
  [[nodiscard]] int64_t multiply_accumulates() const { return multiply_accumulates_; }
  [[nodiscard]] size_t weight_bytes() const { return weight_bytes_; }
  [[nodiscard]] size_t session_bytes() const { return arena_bytes_; }
  /// Share of multiply_accumulates() that a window which moved on by one step need not repeat
  /// (SessionOptions::keep_inputs); 0 where the first layer is not an LSTM or keeps nothing.
  [[nodiscard]] double overlap_share() const { return overlap_share_; }
  /// Bytes of all state tensors together.
  [[nodiscard]] size_t state_bytes() const { return state_bytes_; }

 private:
  friend class Session;
  friend class Batch;
  Engine();
  [[nodiscard]] Result<void> Plan();
  void PlaceTensors();
  [[nodiscard]] Result<void> BuildKernels();
  void FindOverlap();
  [[nodiscard]] static size_t Index(const std::vector<int32_t>& list, int i);

  static constexpr size_t kNoOffset = ~size_t{0};
  static constexpr size_t kNoKernel = ~size_t{0};

  LoadOptions options_;
  model::Graph graph_;
  std::vector<TensorInfo> tensors_;
  std::vector<int32_t> inputs_, outputs_;
  std::vector<std::unique_ptr<const Kernel>> kernels_;  // in execution order
  std::vector<size_t> offsets_;  // per tensor, into the arena; kNoOffset: constant
  size_t state_bytes_ = 0;       // states lie at the arena's start
  size_t scratch_offset_ = 0;
  size_t arena_bytes_ = 0;
  size_t weight_bytes_ = 0;
  int64_t multiply_accumulates_ = 0;
  size_t overlap_kernel_ = kNoKernel;  // whose inputs are the model's own, step by step
  double overlap_share_ = 0;
};

/// Names of the operators in `graph` that this engine does not run, each once, in order of first
/// use.
[[nodiscard]] std::vector<std::string> UnsupportedOps(const model::Graph& graph);

}  // namespace millwright::nn
