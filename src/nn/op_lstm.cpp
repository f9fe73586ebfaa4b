// UNIDIRECTIONAL_SEQUENCE_LSTM as Keras makes it: checks, folded biases, the loop over batch and
// time.
#include <array>
#include <cmath>
#include <cstring>
#include <new>
#include <string>

#include "nn/kernel.h"
#include "nn/kernels/reference/dot.h"
#include "nn/lstm_runner.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;

constexpr const char* kGateNames[] = {"input gate", "forget gate", "cell gate", "output gate"};
constexpr size_t kHiddenIntermediate = 4;

struct LstmShape {
  int32_t batch = 0, steps = 0, inputs = 0, units = 0;
};

float ScaleOf(const Tensor& tensor) { return tensor.quantization.scales[0]; }
int32_t ZeroPointOf(const Tensor& tensor) {
  return static_cast<int32_t>(tensor.quantization.zero_points[0]);
}

/// The cell's scale as a power of two, by the peer's own float test.
bool Log2OfScale(float scale, int& log2) {
  const float exact = std::log(scale) * (1.0F / std::log(2.0F));
  const float rounded = std::round(exact);
  log2 = static_cast<int>(rounded);
  return std::abs(exact - rounded) < 1e-3F;
}

Result<void> RefuseVariants(const OpView& op, const model::LstmOptions& options) {
  if (options.time_major) return op.Unsupported("time-major input");
  if (options.diagonal_recurrent) return op.Unsupported("diagonal recurrent weights");
  if (options.activation != model::Activation::kTanh)
    return op.Unsupported("an activation other than TANH");
  std::string variants;
  const auto name = [&](size_t first, size_t count, bool absent, const char* variant) {
    for (size_t i = first; i < first + count; ++i) {
      if (op.has_input(i) == absent) continue;
      variants += (variants.empty() ? "" : ", ") + std::string(variant);
      return;
    }
  };
  if (!op.has_input(model::kLstmInputWeights)) variants = "CIFG (no input gate)";
  name(model::kLstmPeephole, 3, false, "peephole");
  name(model::kLstmProjectionWeights, 2, false, "projection");
  name(model::kLstmLayerNorm, kGates, false, "layer normalization");
  if (!variants.empty()) return op.Unsupported("the LSTM variant with " + variants);
  return {};
}

Result<LstmShape> CheckShapes(const OpView& op) {
  const Tensor& input = op.input(model::kLstmInput);
  if (input.shape.size() != 3)
    return op.Invalid("its input has shape " + model::ShapeText(input.shape) +
                      ", not [batch,steps,inputs]");
  const Tensor& recurrent = op.input(model::kLstmRecurrentWeights);
  if (recurrent.shape.size() != 2) return op.Unsupported("diagonal recurrent weights");
  const LstmShape s{.batch = input.shape[0],
                    .steps = input.shape[1],
                    .inputs = input.shape[2],
                    .units = recurrent.shape[0]};
  if (static_cast<size_t>(std::max(s.inputs, s.units)) > reference::kDotColumnsMax) {
    return op.Unsupported("more than 65536 inputs or units");
  }
  for (size_t g = 0; g < kGates; ++g) {
    MW_TRY(op.CheckShape(op.input(model::kLstmInputWeights + g), std::array{s.units, s.inputs},
                         kGateNames[g]));
    MW_TRY(op.CheckShape(op.input(model::kLstmRecurrentWeights + g), std::array{s.units, s.units},
                         kGateNames[g]));
    MW_TRY(op.CheckShape(op.input(model::kLstmBias + g), std::array{s.units}, kGateNames[g]));
  }
  MW_TRY(op.CheckShape(op.output(), std::array{s.batch, s.steps, s.units}, "its output"));
  const size_t state = model::ElementCount(std::array{s.batch, s.units});
  for (const size_t i : {size_t{model::kLstmOutputState}, size_t{model::kLstmCellState}}) {
    if (!op.input(i).is_variable)
      return op.Invalid("input " + std::to_string(i) + " is not a state tensor");
    if (model::ElementCount(op.input(i).shape) != state)
      return op.Invalid("state of shape " + model::ShapeText(op.input(i).shape));
  }
  return s;
}

Result<void> CheckGateTypes(const OpView& op, size_t g) {
  const auto weights = [&](size_t index) -> Result<void> {
    const Tensor& tensor = op.input(index);
    MW_TRY(op.CheckConstant(tensor, TensorType::kInt8, "a weight tensor"));
    MW_TRY(op.CheckPerTensor(tensor, TensorType::kInt8, "a weight tensor"));
    if (ZeroPointOf(tensor) != 0) return op.Invalid("weights with a zero point");
    return {};
  };
  MW_TRY(weights(model::kLstmInputWeights + g));
  MW_TRY(weights(model::kLstmRecurrentWeights + g));
  return op.CheckConstant(op.input(model::kLstmBias + g), TensorType::kInt32, "a bias");
}

Result<void> CheckTypes(const OpView& op) {
  if (op.input(model::kLstmInput).type == TensorType::kFloat32)
    return op.Unsupported("a float LSTM; only full INT8 models run");
  MW_TRY(op.CheckPerTensor(op.input(model::kLstmInput), TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  for (size_t g = 0; g < kGates; ++g) MW_TRY(CheckGateTypes(op, g));
  MW_TRY(
      op.CheckPerTensor(op.input(model::kLstmOutputState), TensorType::kInt8, "its output state"));
  MW_TRY(op.CheckPerTensor(op.input(model::kLstmCellState), TensorType::kInt16, "its cell state"));
  if (ZeroPointOf(op.input(model::kLstmCellState)) != 0)
    return op.Invalid("a cell state with a zero point");
  if (op.op().intermediates.size() != kHiddenIntermediate + 1) {
    return op.Unsupported(std::to_string(op.op().intermediates.size()) +
                          " intermediate tensors, not 5 (not an 8x8_16 LSTM)");
  }
  const Tensor& hidden = op.Tensor(op.op().intermediates[kHiddenIntermediate]);
  if (hidden.quantization.scales.empty())
    return op.Invalid("intermediate 4 (the hidden state) is not quantized");
  return {};
}

/// bias - zero_point x row sum, in the peer's wrapping int32.
std::vector<int32_t> FoldBias(const Tensor* bias, const Tensor& weights, int32_t zero_point) {
  const auto rows = static_cast<size_t>(weights.shape[0]),
             columns = static_cast<size_t>(weights.shape[1]);
  std::vector<int32_t> folded(rows, 0);
  if (bias != nullptr) std::memcpy(folded.data(), bias->data.data(), rows * sizeof(int32_t));
  const auto* row = reinterpret_cast<const int8_t*>(weights.data.data());
  for (size_t r = 0; r < rows; ++r, row += columns) {
    int32_t sum = 0;
    for (size_t c = 0; c < columns; ++c) sum += row[c];
    folded[r] = static_cast<int32_t>(static_cast<uint32_t>(folded[r]) -
                                     static_cast<uint32_t>(sum * zero_point));
  }
  return folded;
}

Result<Multiplier> GateMultiplier(const OpView& op, float weight_scale, float value_scale) {
  // In float32 and in this order, as the peer computes it.
  const float effective = weight_scale * value_scale / std::pow(2.0F, -12.0F);
  if (!std::isfinite(effective)) return op.Invalid("weight and input scales multiply to infinity");
  const Multiplier multiplier = ToMultiplier(effective);
  if (multiplier.shift > 30) return op.Invalid("weight and input scales are too large");
  return multiplier;
}

Result<void> FillGate(const OpView& op, size_t g, LstmGate& gate) {
  const Tensor& input = op.input(model::kLstmInput);
  const Tensor& state = op.input(model::kLstmOutputState);
  const Tensor& input_weights = op.input(model::kLstmInputWeights + g);
  const Tensor& recurrent_weights = op.input(model::kLstmRecurrentWeights + g);
  gate.input_weights = reinterpret_cast<const int8_t*>(input_weights.data.data());
  gate.recurrent_weights = reinterpret_cast<const int8_t*>(recurrent_weights.data.data());
  gate.input_bias = FoldBias(&op.input(model::kLstmBias + g), input_weights, ZeroPointOf(input));
  gate.recurrent_bias = FoldBias(nullptr, recurrent_weights, ZeroPointOf(state));
  MW_TRY(gate.input_scale, GateMultiplier(op, ScaleOf(input_weights), ScaleOf(input)));
  MW_TRY(gate.recurrent_scale, GateMultiplier(op, ScaleOf(recurrent_weights), ScaleOf(state)));
  return {};
}

Result<int16_t> QuantizedClip(const OpView& op, float clip, float scale) {
  if (!std::isfinite(clip) || clip < 0)
    return op.Invalid("a cell clip that is negative or not finite");
  return static_cast<int16_t>(std::min(clip / scale, 32767.0F));
}

Result<LstmWeights> MakeWeights(const OpView& op, const LstmShape& shape,
                                const model::LstmOptions& options) {
  LstmWeights w;
  w.inputs = static_cast<size_t>(shape.inputs);
  w.units = static_cast<size_t>(shape.units);
  for (size_t g = 0; g < kGates; ++g) MW_TRY(FillGate(op, g, w.gates[g]));
  const float cell_scale = ScaleOf(op.input(model::kLstmCellState));
  if (!Log2OfScale(cell_scale, w.cell_scale_log2))
    return op.Invalid("the cell state's scale is not a power of two");
  if (w.cell_scale_log2 < -15 || w.cell_scale_log2 > -9) {
    return op.Unsupported("a cell state scale of 2^" + std::to_string(w.cell_scale_log2) +
                          ", outside 2^-15 .. 2^-9");
  }
  MW_TRY(w.cell_clip, QuantizedClip(op, options.cell_clip, cell_scale));
  const Tensor& hidden = op.Tensor(op.op().intermediates[kHiddenIntermediate]);
  const double hidden_scale =
      std::pow(2.0, -15) / static_cast<double>(ScaleOf(hidden)) * std::pow(2.0, -15);
  const auto effective = static_cast<float>(hidden_scale);
  if (!std::isfinite(effective)) return op.Invalid("the hidden state's scale is too small");
  w.hidden_scale = ToMultiplier(effective);
  if (w.hidden_scale.shift > 30) return op.Invalid("the hidden state's scale is too small");
  w.hidden_zero_point = ZeroPointOf(hidden);
  return w;
}

class LstmKernel : public Kernel {
 public:
  LstmKernel(const OpView& op, const LstmShape& shape, LstmWeights weights)
      : input_(op.input_index(model::kLstmInput)),
        state_(op.input_index(model::kLstmOutputState)),
        cell_(op.input_index(model::kLstmCellState)),
        output_(op.output_index()),
        batch_(static_cast<size_t>(shape.batch)),
        steps_(static_cast<size_t>(shape.steps)),
        inputs_(weights.inputs),
        units_(weights.units),
        runner_(MakeLstmRunner(std::move(weights), op.kernel_set())) {}

  void Run(const Buffers& buffers) const override {
    RunMany({&buffers, 1}, buffers.scratch(), nullptr);
  }
  void RunMany(std::span<const Buffers> sessions, std::byte* scratch, Team* team) const override {
    // Each batch entry of each session is a stream of its own. The list lies before the runner's
    // scratch memory.
    auto* streams = reinterpret_cast<LstmStream*>(scratch);
    size_t count = 0;
    for (const Buffers& buffers : sessions) {
      for (size_t b = 0; b < batch_; ++b, ++count) {
        new (&streams[count]) LstmStream{
            .x = buffers.at<const int8_t>(input_) + b * steps_ * inputs_,
            .out = buffers.at<int8_t>(output_) + b * steps_ * units_,
            .h = buffers.at<int8_t>(state_) + b * units_,
            .c = buffers.at<int16_t>(cell_) + b * units_,
        };
      }
    }
    runner_->Run({.streams = {streams, count},
                  .steps = steps_,
                  .x_stride = inputs_,
                  .out_stride = units_,
                  .scratch = scratch + ListBytes(count),
                  .team = team});
  }
  size_t scratch_bytes(size_t sessions) const override {
    const size_t streams = sessions * batch_;
    return ListBytes(streams) + runner_->scratch_bytes(streams);
  }
  size_t weight_bytes(size_t sessions) const override {
    return runner_->weight_bytes(sessions * batch_);
  }

 private:
  static size_t ListBytes(size_t streams) {
    return (streams * sizeof(LstmStream) + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  }

  int32_t input_, state_, cell_, output_;
  size_t batch_, steps_, inputs_, units_;
  std::unique_ptr<const LstmRunner> runner_;
};

}  // namespace

KernelResult MakeLstm(const OpView& op) {
  if (op.op().inputs.size() != 20 && op.op().inputs.size() != model::kLstmInputs) {
    return op.Invalid(std::to_string(op.op().inputs.size()) + " inputs; an LSTM has 20 or 24");
  }
  const auto* options = std::get_if<model::LstmOptions>(&op.op().options);
  if (options == nullptr) return op.Invalid("carries another operator's options");
  MW_TRY(RefuseVariants(op, *options));
  MW_TRY(op.CheckArity(20, model::kLstmInputs, model::kLstmPeephole));
  for (const size_t i : {12U, 13U, 14U, 15U, 18U, 19U}) {
    if (!op.has_input(i)) return op.Invalid("input " + std::to_string(i) + " is missing");
  }
  MW_TRY(const LstmShape shape, CheckShapes(op));
  MW_TRY(CheckTypes(op));
  MW_TRY(LstmWeights weights, MakeWeights(op, shape, *options));
  return std::make_unique<const LstmKernel>(op, shape, std::move(weights));
}

}  // namespace millwright::nn
