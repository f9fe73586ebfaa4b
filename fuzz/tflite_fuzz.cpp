// A .tflite file of anybody's making: reading, planning and running it gives an error or a result,
// nothing else. The mutator knows the format: it changes integers and floats in place, or the graph
// itself and writes it again, so that mutants get past the verifier and into the planner and the
// kernels.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "model/tflite.h"
#include "nn/session.h"

extern "C" {
// From libFuzzer; absent in the corpus replay.
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed);
}

namespace {

using millwright::model::Graph;
using millwright::model::Op;
using millwright::model::Tensor;

constexpr int64_t kWorkMax = 2'000'000;  // a bounded run for each input
constexpr size_t kSessionBytesMax = size_t{8} << 20;

std::span<const std::byte> AsBytes(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

class Dice {
 public:
  explicit Dice(uint32_t seed) : state_(seed * 2654435761U + 1) {}
  uint32_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  size_t Below(size_t end) { return end == 0 ? 0 : Next() % end; }
  int32_t Integer() {
    constexpr int32_t kInteresting[] = {0,
                                        1,
                                        -1,
                                        2,
                                        3,
                                        4,
                                        7,
                                        8,
                                        127,
                                        128,
                                        -128,
                                        255,
                                        256,
                                        65536,
                                        1 << 30,
                                        std::numeric_limits<int32_t>::max(),
                                        std::numeric_limits<int32_t>::min()};
    return Below(4) == 0 ? static_cast<int32_t>(Next())
                         : kInteresting[Below(std::size(kInteresting))];
  }
  float Real() {
    constexpr float kInteresting[] = {0,
                                      1,
                                      -1,
                                      1e-38F,
                                      1e-45F,
                                      3e38F,
                                      0.5F,
                                      1.0F / 256,
                                      1.0F / 32768,
                                      1e-9F,
                                      1e6F,
                                      10.0F,
                                      0.02F,
                                      std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::quiet_NaN()};
    return kInteresting[Below(std::size(kInteresting))];
  }

 private:
  uint32_t state_;
};

void MutateTensor(Tensor& tensor, Dice& dice) {
  auto& q = tensor.quantization;
  switch (dice.Below(6)) {
    case 0:
      if (!tensor.shape.empty()) tensor.shape[dice.Below(tensor.shape.size())] = dice.Integer();
      break;
    case 1:
      if (!q.scales.empty()) q.scales[dice.Below(q.scales.size())] = dice.Real();
      break;
    case 2:
      if (!q.zero_points.empty())
        q.zero_points[dice.Below(q.zero_points.size())] = dice.Integer() % 256 - 128;
      break;
    case 3:
      if (!tensor.data.empty())
        tensor.data[dice.Below(tensor.data.size())] = static_cast<std::byte>(dice.Next());
      break;
    case 4:
      if (tensor.data.size() >= 4) {
        const int32_t value = dice.Integer();
        std::memcpy(tensor.data.data() + dice.Below(tensor.data.size() / 4) * 4, &value, 4);
      }
      break;
    default:
      tensor.is_variable = !tensor.is_variable;
  }
}

struct MutateOptions {
  Dice& dice;
  void operator()(std::monostate) const {}
  void operator()(millwright::model::LstmOptions& o) const {
    (dice.Below(2) == 0 ? o.cell_clip : o.projection_clip) = dice.Real();
    if (dice.Below(4) == 0) o.time_major = !o.time_major;
  }
  void operator()(millwright::model::FullyConnectedOptions& o) const {
    o.activation = static_cast<millwright::model::Activation>(dice.Below(6));
    o.keep_num_dims = dice.Below(2) == 0;
  }
  void operator()(millwright::model::SoftmaxOptions& o) const { o.beta = dice.Real(); }
  void operator()(millwright::model::ReshapeOptions& o) const {
    o.new_shape.assign(dice.Below(5), dice.Integer());
  }
  void operator()(millwright::model::StridedSliceOptions& o) const {
    int32_t* masks[] = {&o.begin_mask, &o.end_mask, &o.ellipsis_mask, &o.new_axis_mask,
                        &o.shrink_axis_mask};
    *masks[dice.Below(5)] = static_cast<int32_t>(dice.Below(16));
  }
  void operator()(millwright::model::Conv2dOptions& o) const {
    int32_t* fields[] = {&o.stride_width, &o.stride_height, &o.dilation_width, &o.dilation_height};
    *fields[dice.Below(4)] = Small();
    o.padding = static_cast<millwright::model::Padding>(dice.Below(3));
    o.activation = static_cast<millwright::model::Activation>(dice.Below(6));
  }
  void operator()(millwright::model::DepthwiseConv2dOptions& o) const {
    (*this)(o.conv);
    if (dice.Below(4) == 0) o.depth_multiplier = Small();
  }
  void operator()(millwright::model::Pool2dOptions& o) const {
    int32_t* fields[] = {&o.stride_width, &o.stride_height, &o.filter_width, &o.filter_height};
    *fields[dice.Below(4)] = Small();
    o.padding = static_cast<millwright::model::Padding>(dice.Below(3));
  }
  void operator()(millwright::model::ArithmeticOptions& o) const {
    o.activation = static_cast<millwright::model::Activation>(dice.Below(6));
  }
  void operator()(millwright::model::ConcatenationOptions& o) const { o.axis = Small(); }
  void operator()(millwright::model::StackOptions& o) const {
    (dice.Below(2) == 0 ? o.count : o.axis) = Small();
  }
  void operator()(millwright::model::SqueezeOptions& o) const {
    o.axes.assign(dice.Below(4), Small());
  }
  void operator()(millwright::model::ReduceOptions& o) const { o.keep_dims = !o.keep_dims; }
  void operator()(millwright::model::SplitOptions& o) const { o.count = Small(); }
  // Mostly what a window or an axis may be.
  [[nodiscard]] int32_t Small() const {
    return dice.Below(4) == 0 ? dice.Integer() : static_cast<int32_t>(dice.Below(9)) - 3;
  }
};

// Operators that take the same inputs and options: one becomes the other.
void SwapKind(Op& op, Dice& dice) {
  using millwright::model::OpCode;
  static constexpr OpCode kFamilies[][4] = {
      {OpCode::kTanh, OpCode::kRelu, OpCode::kRelu6, OpCode::kReluN1To1},
      {OpCode::kAdd, OpCode::kSub, OpCode::kMul, OpCode::kAdd},
      {OpCode::kMean, OpCode::kReduceMax, OpCode::kMean, OpCode::kReduceMax},
      {OpCode::kMaxPool2d, OpCode::kAveragePool2d, OpCode::kMaxPool2d, OpCode::kAveragePool2d},
      {OpCode::kTranspose, OpCode::kReverseV2, OpCode::kExpandDims, OpCode::kPad},
  };
  for (const auto& family : kFamilies) {
    if (std::ranges::find(family, op.code) != std::end(family))
      op.code = family[dice.Below(std::size(family))];
  }
}

void MutateOp(Op& op, size_t tensors, Dice& dice) {
  switch (dice.Below(5)) {
    case 0:
      if (!op.inputs.empty())
        op.inputs[dice.Below(op.inputs.size())] = static_cast<int32_t>(dice.Below(tensors + 1)) - 1;
      break;
    case 1:
      if (!op.intermediates.empty())
        op.intermediates[dice.Below(op.intermediates.size())] =
            static_cast<int32_t>(dice.Below(tensors));
      break;
    case 2:
      op.inputs.resize(dice.Below(26), -1);
      break;
    case 3:
      SwapKind(op, dice);
      break;
    default:
      std::visit(MutateOptions{dice}, op.options);
  }
}

// The mutated graph as a file; 0 where the writer (rightly) refuses it or it does not fit.
size_t MutateGraph(uint8_t* data, size_t size, size_t max_size, Dice& dice) {
  auto graph = millwright::model::ReadTflite(AsBytes(data, size));
  if (!graph || graph->ops.empty()) return 0;
  for (size_t i = 0; i < 1 + dice.Below(3); ++i) {
    if (dice.Below(2) == 0) {
      MutateTensor(graph->tensors[dice.Below(graph->tensors.size())], dice);
    } else {
      MutateOp(graph->ops[dice.Below(graph->ops.size())], graph->tensors.size(), dice);
    }
  }
  const auto bytes = millwright::model::WriteTflite(*graph);
  if (!bytes || bytes->size() > max_size) return 0;
  std::memcpy(data, bytes->data(), bytes->size());
  return bytes->size();
}

size_t MutateWord(uint8_t* data, size_t size, Dice& dice) {
  if (size < 8) return size;
  const size_t at = dice.Below(size / 4) * 4;
  int32_t value = dice.Integer();
  if (dice.Below(2) == 0) {
    int32_t old = 0;
    std::memcpy(&old, data + at, 4);
    value = static_cast<int32_t>(static_cast<uint32_t>(old) +
                                 static_cast<uint32_t>(dice.Below(17)) - 8U);
  }
  std::memcpy(data + at, &value, 4);
  return size;
}

void RunBounded(const millwright::nn::Engine& engine, millwright::nn::Session session) {
  uint8_t value = 1;
  for (int run = 0; run < 2; ++run) {
    for (int i = 0; i < engine.input_count(); ++i) {
      for (std::byte& byte : session.Input(i))
        byte = static_cast<std::byte>(value = static_cast<uint8_t>(value * 5 + 3));
    }
    session.Invoke();
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = millwright::model::ReadTflite(AsBytes(data, size));
  if (!graph) return 0;
  const auto engine = millwright::nn::Engine::Load(*graph);
  if (!engine) return 0;
  if (millwright::model::Work(*graph) > kWorkMax) return 0;
  if ((*engine)->session_bytes() > kSessionBytesMax) return 0;
  RunBounded(**engine, millwright::nn::Session(*engine));
  // What could be read and is of our operators can be written, and reads back.
  const auto bytes = millwright::model::WriteTflite(*graph);
  if (!bytes || !millwright::model::ReadTflite(*bytes)) std::abort();
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  Dice dice(seed);
  const size_t kind = dice.Below(8);
  if (kind < 5) {
    const size_t written = MutateGraph(data, size, max_size, dice);
    if (written != 0) return written;
  }
  if (kind < 7 || LLVMFuzzerMutate == nullptr) return MutateWord(data, size, dice);
  return LLVMFuzzerMutate(data, size, max_size);
}
