#include "nn/engine.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "model/tflite.h"
#include "nn/kernel.h"

namespace millwright::nn {
namespace {

using Maker = KernelResult (*)(const OpView&);

struct OpEntry {
  model::OpCode code;
  Maker make;
};

// The operators that this engine runs.
constexpr OpEntry kOps[] = {
    {model::OpCode::kUnidirectionalSequenceLstm, &MakeLstm},
    {model::OpCode::kFullyConnected, &MakeFullyConnected},
    {model::OpCode::kSoftmax, &MakeSoftmax},
    {model::OpCode::kLogistic, &MakeLogistic},
    {model::OpCode::kReshape, &MakeReshape},
    {model::OpCode::kStridedSlice, &MakeStridedSlice},
    {model::OpCode::kTanh, &MakeTanh},
    {model::OpCode::kRelu, &MakeRelu},
    {model::OpCode::kRelu6, &MakeRelu6},
    {model::OpCode::kReluN1To1, &MakeReluN1To1},
    {model::OpCode::kExpandDims, &MakeExpandDims},
    {model::OpCode::kSqueeze, &MakeSqueeze},
    {model::OpCode::kTranspose, &MakeTranspose},
    {model::OpCode::kReverseV2, &MakeReverse},
    {model::OpCode::kSlice, &MakeSlice},
    {model::OpCode::kSplit, &MakeSplit},
    {model::OpCode::kUnpack, &MakeUnpack},
    {model::OpCode::kConcatenation, &MakeConcatenation},
    {model::OpCode::kPack, &MakePack},
    {model::OpCode::kPad, &MakePad},
    {model::OpCode::kAdd, &MakeAdd},
    {model::OpCode::kSub, &MakeSub},
    {model::OpCode::kMul, &MakeMul},
    {model::OpCode::kMean, &MakeMean},
    {model::OpCode::kReduceMax, &MakeReduceMax},
    {model::OpCode::kConv2d, &MakeConv2d},
    {model::OpCode::kDepthwiseConv2d, &MakeDepthwiseConv2d},
    {model::OpCode::kMaxPool2d, &MakeMaxPool2d},
    {model::OpCode::kAveragePool2d, &MakeAveragePool2d},
    {model::OpCode::kQuantize, &MakeQuantize},
    {model::OpCode::kDequantize, &MakeDequantize},
};

Maker FindMaker(model::OpCode code) {
  const auto* found = std::ranges::find(kOps, code, &OpEntry::code);
  return found == std::end(kOps) ? nullptr : found->make;
}

// Beyond it one run takes many seconds even on a server: a file that asks for it means to hold up
// the machine.
constexpr int64_t kWorkMax = 10'000'000'000;

constexpr size_t AlignUp(size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

TensorInfo Describe(const model::Tensor& tensor) {
  const bool per_tensor = tensor.quantization.scales.size() == 1;
  return {.name = tensor.name,
          .type = tensor.type,
          .shape = tensor.shape,
          .scale = per_tensor ? tensor.quantization.scales[0] : 0,
          .zero_point = per_tensor ? static_cast<int32_t>(tensor.quantization.zero_points[0]) : 0,
          .bytes = model::ByteCount(tensor),
          .is_constant = !tensor.data.empty(),
          .is_state = tensor.is_variable};
}

}  // namespace

std::vector<std::string> UnsupportedOps(const model::Graph& graph) {
  std::vector<std::string> names;
  for (const model::Op& op : graph.ops) {
    if (FindMaker(op.code) != nullptr) continue;
    std::string name = model::OpName(op);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

Engine::Engine() = default;
Engine::~Engine() = default;

size_t Engine::Index(const std::vector<int32_t>& list, int i) {
  MW_CHECK(i >= 0 && static_cast<size_t>(i) < list.size());
  return static_cast<size_t>(list[static_cast<size_t>(i)]);
}

Result<std::shared_ptr<const Engine>> Engine::Load(std::span<const std::byte> file,
                                                   LoadOptions options) {
  MW_TRY(model::Graph graph, model::ReadTflite(file));
  return Load(std::move(graph), options);
}

Result<std::shared_ptr<const Engine>> Engine::Load(model::Graph graph, LoadOptions options) {
  MW_CHECK(IsAvailable(options.kernel_set));
  MW_TRY(model::CheckGraph(graph));
  const std::vector<std::string> unsupported = UnsupportedOps(graph);
  if (!unsupported.empty()) {
    std::string names;
    for (const std::string& name : unsupported) names += (names.empty() ? "" : ", ") + name;
    return Fail(Errc::kUnsupported, "nn: operators that this engine does not run: " + names);
  }
  const std::shared_ptr<Engine> engine(new Engine());
  engine->options_ = options;
  engine->graph_ = std::move(graph);
  MW_TRY(engine->Plan());
  return engine;
}

Result<void> Engine::Plan() {
  for (const model::Tensor& tensor : graph_.tensors) tensors_.push_back(Describe(tensor));
  inputs_ = graph_.inputs;
  outputs_ = graph_.outputs;
  multiply_accumulates_ = model::MultiplyAccumulates(graph_);
  if (const int64_t work = model::Work(graph_); work > kWorkMax) {
    return Fail(Errc::kExhausted, "nn: one run would take " + std::to_string(work) +
                                      " operations; the limit is " + std::to_string(kWorkMax));
  }
  PlaceTensors();
  return BuildKernels();
}

// Every computed tensor keeps its own place, so that each can be looked at after a run. States come
// first and in one piece: a snapshot is one copy.
void Engine::PlaceTensors() {
  offsets_.assign(tensors_.size(), kNoOffset);
  const auto place = [&](bool states) {
    for (size_t i = 0; i < tensors_.size(); ++i) {
      if (tensors_[i].is_constant || tensors_[i].is_state != states) continue;
      offsets_[i] = arena_bytes_;
      arena_bytes_ += AlignUp(tensors_[i].bytes);
    }
  };
  place(true);
  state_bytes_ = arena_bytes_;
  place(false);
}

Result<void> Engine::BuildKernels() {
  for (size_t i = 0; i < graph_.ops.size(); ++i) {
    MW_TRY(auto kernel, FindMaker(graph_.ops[i].code)(OpView(graph_, i, options_.kernel_set)));
    weight_bytes_ += kernel->weight_bytes(1);
    kernels_.push_back(std::move(kernel));
  }
  // Kernels run one after another and share one scratch area.
  size_t scratch = 0;
  for (const auto& kernel : kernels_)
    scratch = std::max(scratch, AlignUp(kernel->scratch_bytes(1)));
  scratch_offset_ = arena_bytes_;
  arena_bytes_ += scratch;
  FindOverlap();
  return {};
}

// The layer that reads the model's one input, as it comes or quantized: only there equal steps of
// two windows are equal steps of the layer.
void Engine::FindOverlap() {
  if (inputs_.size() != 1 || graph_.ops.empty()) return;
  size_t first = 0;
  int32_t source = inputs_[0];
  if (graph_.ops[0].code == model::OpCode::kQuantize && graph_.ops.size() > 1 &&
      graph_.ops[0].inputs[0] == source) {
    source = graph_.ops[0].outputs[0];
    first = 1;
  }
  const model::Op& op = graph_.ops[first];
  const size_t steps = kernels_[first]->steps();
  if (kernels_[first]->ring_bytes() == 0 || op.inputs[0] != source || steps < 2) return;
  overlap_kernel_ = first;
  const size_t units = tensors_[static_cast<size_t>(op.outputs[0])].elements() / steps;
  const size_t of_inputs = 4 * units * input().elements() / steps * (steps - 1);
  overlap_share_ = static_cast<double>(of_inputs) / static_cast<double>(multiply_accumulates_);
}

}  // namespace millwright::nn
