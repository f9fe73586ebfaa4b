#include "nn/lstm_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "nn/kernels/reference/dot.h"
#include "nn/op_checks.h"

namespace millwright::nn {
namespace {

using model::Tensor;
using model::TensorType;

constexpr const char* kGateNames[] = {"input gate", "forget gate", "cell gate", "output gate"};
constexpr size_t kHiddenIntermediate = 4;

// The peephole input of each gate; the cell gate has none.
constexpr std::array<int, kGates> kPeephole = {model::kLstmPeephole, model::kLstmPeephole + 1, -1,
                                               model::kLstmPeephole + 2};

struct LstmShape {
  int32_t batch = 0, steps = 0, inputs = 0, units = 0, outputs = 0;
};

// Which optional parts the operator has; each part's tensors are there all or none (checked).
struct Variant {
  bool couples_input_gate = false, has_peephole = false, has_norm = false, has_projection = false;
  [[nodiscard]] size_t first_gate() const {
    return couples_input_gate ? size_t{kForgetGate} : size_t{kInputGate};
  }
};

const int8_t* Int8s(const Tensor& tensor) {
  return reinterpret_cast<const int8_t*>(tensor.data.data());
}
const int16_t* Int16s(const Tensor& tensor) {
  return reinterpret_cast<const int16_t*>(tensor.data.data());
}
const int32_t* Int32s(const Tensor& tensor) {
  return reinterpret_cast<const int32_t*>(tensor.data.data());
}

/// The cell's scale as a power of two, by the peer's own float test.
bool Log2OfScale(float scale, int& log2) {
  const float exact = std::log(scale) * (1.0F / std::log(2.0F));
  const float rounded = std::round(exact);
  log2 = static_cast<int>(rounded);
  return std::abs(exact - rounded) < 1e-3F;
}

Result<void> CheckPresent(const OpView& op, size_t input, bool wanted, const char* part) {
  if (op.has_input(input) == wanted) return {};
  return op.Invalid("input " + std::to_string(input) + " is " + (wanted ? "missing" : "there") +
                    ", which does not fit the other tensors of its " + part);
}

Result<Variant> ReadVariant(const OpView& op) {
  const Variant v{.couples_input_gate = !op.has_input(model::kLstmInputWeights),
                  .has_peephole = op.has_input(model::kLstmPeephole + 2),
                  .has_norm = op.has_input(size_t{model::kLstmLayerNorm} + kForgetGate),
                  .has_projection = op.has_input(model::kLstmProjectionWeights)};
  for (size_t g = 0; g < kGates; ++g) {
    const bool gate = g >= v.first_gate();
    MW_TRY(CheckPresent(op, model::kLstmInputWeights + g, gate, "gates"));
    MW_TRY(CheckPresent(op, model::kLstmRecurrentWeights + g, gate, "gates"));
    MW_TRY(CheckPresent(op, model::kLstmBias + g, gate, "gates"));
    MW_TRY(CheckPresent(op, model::kLstmLayerNorm + g, gate && v.has_norm, "layer norm"));
    if (kPeephole[g] >= 0) {
      MW_TRY(
          CheckPresent(op, static_cast<size_t>(kPeephole[g]), gate && v.has_peephole, "peephole"));
    }
  }
  if (!v.has_projection) MW_TRY(CheckPresent(op, model::kLstmProjectionBias, false, "projection"));
  for (const size_t state : {size_t{model::kLstmOutputState}, size_t{model::kLstmCellState}}) {
    if (!op.has_input(state)) return op.Invalid("input " + std::to_string(state) + " is missing");
  }
  return v;
}

Result<void> CheckGateShapes(const OpView& op, const LstmShape& s, const Variant& v) {
  for (size_t g = v.first_gate(); g < kGates; ++g) {
    const char* name = kGateNames[g];
    MW_TRY(
        op.CheckShape(op.input(model::kLstmInputWeights + g), std::array{s.units, s.inputs}, name));
    MW_TRY(op.CheckShape(op.input(model::kLstmRecurrentWeights + g), std::array{s.units, s.outputs},
                         name));
    MW_TRY(op.CheckShape(op.input(model::kLstmBias + g), std::array{s.units}, name));
    if (v.has_norm)
      MW_TRY(op.CheckShape(op.input(model::kLstmLayerNorm + g), std::array{s.units}, name));
    if (v.has_peephole && kPeephole[g] >= 0) {
      MW_TRY(op.CheckShape(op.input(static_cast<size_t>(kPeephole[g])), std::array{s.units}, name));
    }
  }
  return {};
}

Result<void> CheckState(const OpView& op, size_t input, int32_t batch, int32_t width) {
  const Tensor& state = op.input(input);
  if (!state.is_variable)
    return op.Invalid("input " + std::to_string(input) + " is not a state tensor");
  if (model::ElementCount(state.shape) != model::ElementCount(std::array{batch, width}))
    return op.Invalid("state of shape " + model::ShapeText(state.shape));
  return {};
}

Result<LstmShape> CheckShapes(const OpView& op, const Variant& v, bool time_major) {
  const Tensor& input = op.input(model::kLstmInput);
  if (input.shape.size() != 3) {
    return op.Invalid("its input has shape " + model::ShapeText(input.shape) +
                      ", not batch, steps and inputs");
  }
  const Tensor& recurrent = op.input(size_t{model::kLstmRecurrentWeights} + kOutputGate);
  if (recurrent.shape.size() != 2) return op.Unsupported("diagonal recurrent weights");
  const LstmShape s{.batch = input.shape[time_major ? 1 : 0],
                    .steps = input.shape[time_major ? 0 : 1],
                    .inputs = input.shape[2],
                    .units = recurrent.shape[0],
                    .outputs = recurrent.shape[1]};
  if (static_cast<size_t>(std::max({s.inputs, s.units, s.outputs})) > reference::kDotColumnsMax)
    return op.Unsupported("more than 65536 inputs, units or outputs");
  if (!v.has_projection && s.outputs != s.units)
    return op.Invalid("recurrent weights of shape " + model::ShapeText(recurrent.shape) +
                      " without a projection");
  MW_TRY(CheckGateShapes(op, s, v));
  if (v.has_projection) {
    MW_TRY(op.CheckShape(op.input(model::kLstmProjectionWeights), std::array{s.outputs, s.units},
                         "the projection"));
    if (op.has_input(model::kLstmProjectionBias)) {
      MW_TRY(op.CheckShape(op.input(model::kLstmProjectionBias), std::array{s.outputs},
                           "the projection's bias"));
    }
    // The peer then reads peephole weights that are not there.
    if (v.has_peephole && s.outputs > s.units)
      return op.Unsupported("peepholes with more outputs than units");
  }
  MW_TRY(op.CheckShape(op.output(), std::array{input.shape[0], input.shape[1], s.outputs},
                       "its output"));
  MW_TRY(CheckState(op, model::kLstmOutputState, s.batch, s.outputs));
  MW_TRY(CheckState(op, model::kLstmCellState, s.batch, s.units));
  return s;
}

Result<void> CheckSymmetric(const OpView& op, size_t input, TensorType type, const char* role) {
  const Tensor& tensor = op.input(input);
  MW_TRY(op.CheckConstant(tensor, type, role));
  MW_TRY(op.CheckPerTensor(tensor, type, role));
  if (ZeroPointOf(tensor) != 0) return op.Invalid(std::string(role) + " has a zero point");
  return {};
}

Result<void> CheckGateTypes(const OpView& op, const Variant& v, size_t g) {
  MW_TRY(CheckSymmetric(op, model::kLstmInputWeights + g, TensorType::kInt8, "a weight tensor"));
  MW_TRY(
      CheckSymmetric(op, model::kLstmRecurrentWeights + g, TensorType::kInt8, "a weight tensor"));
  MW_TRY(op.CheckConstant(op.input(model::kLstmBias + g), TensorType::kInt32, "a bias"));
  if (v.has_norm) {
    MW_TRY(CheckSymmetric(op, model::kLstmLayerNorm + g, TensorType::kInt16,
                          "a layer norm coefficient"));
    const Tensor& normalized = op.Tensor(op.op().intermediates[g]);
    if (normalized.quantization.scales.size() != 1)
      return op.Invalid("intermediate " + std::to_string(g) + " is not quantized");
  }
  if (v.has_peephole && kPeephole[g] >= 0) {
    MW_TRY(CheckSymmetric(op, static_cast<size_t>(kPeephole[g]), TensorType::kInt16,
                          "a peephole weight"));
  }
  return {};
}

Result<void> CheckTypes(const OpView& op, const Variant& v) {
  if (op.input(model::kLstmInput).type == TensorType::kFloat32)
    return op.Unsupported("a float LSTM; only full INT8 models run");
  MW_TRY(op.CheckPerTensor(op.input(model::kLstmInput), TensorType::kInt8, "its input"));
  MW_TRY(op.CheckPerTensor(op.output(), TensorType::kInt8, "its output"));
  if (op.op().intermediates.size() != kHiddenIntermediate + 1) {
    return op.Unsupported(std::to_string(op.op().intermediates.size()) +
                          " intermediate tensors, not 5 (not an 8x8_16 LSTM)");
  }
  for (size_t g = v.first_gate(); g < kGates; ++g) MW_TRY(CheckGateTypes(op, v, g));
  if (v.has_projection) {
    MW_TRY(CheckSymmetric(op, model::kLstmProjectionWeights, TensorType::kInt8, "the projection"));
    if (op.has_input(model::kLstmProjectionBias)) {
      MW_TRY(op.CheckConstant(op.input(model::kLstmProjectionBias), TensorType::kInt32,
                              "the projection's bias"));
    }
  }
  MW_TRY(
      op.CheckPerTensor(op.input(model::kLstmOutputState), TensorType::kInt8, "its output state"));
  MW_TRY(op.CheckPerTensor(op.input(model::kLstmCellState), TensorType::kInt16, "its cell state"));
  if (ZeroPointOf(op.input(model::kLstmCellState)) != 0)
    return op.Invalid("a cell state with a zero point");
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
  const int8_t* row = Int8s(weights);
  for (size_t r = 0; r < rows; ++r, row += columns) {
    int32_t sum = 0;
    for (size_t c = 0; c < columns; ++c) sum += row[c];
    folded[r] = static_cast<int32_t>(static_cast<uint32_t>(folded[r]) -
                                     static_cast<uint32_t>(sum * zero_point));
  }
  return folded;
}

// Ratios are floats, computed in the peer's order.
Result<Multiplier> FloatMultiplier(const OpView& op, float ratio) {
  return CheckedMultiplier(op, static_cast<double>(ratio));
}

// What a gate's products are brought to: Q3.12, or the scale that is normalized.
float GateScale(const OpView& op, const Variant& v, size_t g) {
  return v.has_norm ? ScaleOf(op.Tensor(op.op().intermediates[g])) : std::pow(2.0F, -12.0F);
}

Result<void> FillNorm(const OpView& op, size_t g, LstmNorm& norm) {
  const Tensor& coefficients = op.input(model::kLstmLayerNorm + g);
  const float scale = ScaleOf(coefficients);
  norm.coefficients = Int16s(coefficients);
  norm.bias = Int32s(op.input(model::kLstmBias + g));
  MW_TRY(norm.scale, FloatMultiplier(op, scale));
  constexpr int kGateFraction = 12;
  if (norm.scale.shift + kGateFraction > 30) return op.Invalid("layer norm scales too large");
  if (scale > 1e5F) return op.Invalid("layer norm scales too large");
  norm.variance_guard = std::max(1, static_cast<int32_t>(10000 * scale));
  return {};
}

Result<void> FillGate(const OpView& op, const Variant& v, size_t g, LstmGate& gate) {
  const Tensor& input = op.input(model::kLstmInput);
  const Tensor& state = op.input(model::kLstmOutputState);
  const Tensor& input_weights = op.input(model::kLstmInputWeights + g);
  const Tensor& recurrent_weights = op.input(model::kLstmRecurrentWeights + g);
  const Tensor* bias = v.has_norm ? nullptr : &op.input(model::kLstmBias + g);
  gate.input_weights = Int8s(input_weights);
  gate.recurrent_weights = Int8s(recurrent_weights);
  gate.input_bias = FoldBias(bias, input_weights, ZeroPointOf(input));
  gate.recurrent_bias = FoldBias(nullptr, recurrent_weights, ZeroPointOf(state));
  const float target = GateScale(op, v, g);
  MW_TRY(gate.input_scale, FloatMultiplier(op, ScaleOf(input_weights) * ScaleOf(input) / target));
  MW_TRY(gate.recurrent_scale,
         FloatMultiplier(op, ScaleOf(recurrent_weights) * ScaleOf(state) / target));
  if (v.has_norm) MW_TRY(FillNorm(op, g, gate.norm));
  return {};
}

// With a projection the peer walks the peephole weights by outputs, not units, over the whole batch
// of a time-major step; entry `b` of the batch then sees them shifted, or not at all (0).
std::vector<LstmPeephole> PeepholeOf(const Tensor& weights, const LstmShape& s, int32_t b,
                                     bool time_major) {
  const int64_t together = time_major ? s.batch : 1;
  const int64_t first = time_major ? int64_t{b} * s.units : 0;
  const int64_t end = together * s.outputs;
  constexpr int64_t kTogether = 16;  // units in one turn of the peer's vector loop
  std::vector<LstmPeephole> own(static_cast<size_t>(s.units));
  for (int64_t u = 0; u < s.units && first + u < end; ++u) {
    const int64_t i = (first + u) % s.outputs;
    own[static_cast<size_t>(u)] = {.weight = Int16s(weights)[i],
                                   .rounds_up = i < s.outputs / kTogether * kTogether};
  }
  return own;
}

Result<void> FillPeepholes(const OpView& op, const Variant& v, LstmWeights& w) {
  for (size_t g = v.first_gate(); g < kGates; ++g) {
    if (kPeephole[g] < 0) continue;
    const Tensor& weights = op.input(static_cast<size_t>(kPeephole[g]));
    const double ratio = std::pow(2.0, w.cell_scale_log2) * static_cast<double>(ScaleOf(weights)) /
                         static_cast<double>(GateScale(op, v, g));
    MW_TRY(w.gates[g].peephole_scale, FloatMultiplier(op, static_cast<float>(ratio)));
  }
  return {};
}

Result<float> CheckedClip(const OpView& op, float clip, float scale) {
  if (!std::isfinite(clip) || clip < 0) return op.Invalid("a clip that is negative or not finite");
  return clip / scale;
}

Result<void> FillProjection(const OpView& op, const model::LstmOptions& options, LstmWeights& w) {
  const Tensor& weights = op.input(model::kLstmProjectionWeights);
  const Tensor& state = op.input(model::kLstmOutputState);
  const Tensor& hidden = op.Tensor(op.op().intermediates[kHiddenIntermediate]);
  const Tensor* bias =
      op.has_input(model::kLstmProjectionBias) ? &op.input(model::kLstmProjectionBias) : nullptr;
  LstmProjection& p = w.projection;
  p.weights = Int8s(weights);
  p.outputs = static_cast<size_t>(weights.shape[0]);
  p.bias = FoldBias(bias, weights, -w.hidden_zero_point);
  MW_TRY(p.scale, FloatMultiplier(op, ScaleOf(weights) * ScaleOf(hidden) / ScaleOf(state)));
  p.output_zero_point = ZeroPointOf(state);
  MW_TRY(const float clip, CheckedClip(op, options.projection_clip, ScaleOf(op.output())));
  p.clip = static_cast<int8_t>(std::min(clip, 127.0F));
  return {};
}

Result<void> FillCell(const OpView& op, const model::LstmOptions& options, LstmWeights& w) {
  const float cell_scale = ScaleOf(op.input(model::kLstmCellState));
  if (!Log2OfScale(cell_scale, w.cell_scale_log2))
    return op.Invalid("the cell state's scale is not a power of two");
  if (w.cell_scale_log2 < -15 || w.cell_scale_log2 > -9) {
    return op.Unsupported("a cell state scale of 2^" + std::to_string(w.cell_scale_log2) +
                          ", outside 2^-15 .. 2^-9");
  }
  MW_TRY(const float clip, CheckedClip(op, options.cell_clip, cell_scale));
  w.cell_clip = static_cast<int16_t>(std::min(clip, 32767.0F));
  const Tensor& hidden = op.Tensor(op.op().intermediates[kHiddenIntermediate]);
  const double hidden_scale =
      std::pow(2.0, -15) / static_cast<double>(ScaleOf(hidden)) * std::pow(2.0, -15);
  const auto effective = static_cast<float>(hidden_scale);
  if (!std::isfinite(effective)) return op.Invalid("the hidden state's scale is too small");
  w.hidden_scale = ToMultiplier(effective);
  if (w.hidden_scale.shift > 30) return op.Invalid("the hidden state's scale is too small");
  w.hidden_zero_point = ZeroPointOf(hidden);
  return {};
}

Result<LstmWeights> MakeWeights(const OpView& op, const LstmShape& shape, const Variant& v,
                                const model::LstmOptions& options) {
  LstmWeights w;
  w.inputs = static_cast<size_t>(shape.inputs);
  w.units = static_cast<size_t>(shape.units);
  w.couples_input_gate = v.couples_input_gate;
  for (size_t g = v.first_gate(); g < kGates; ++g) MW_TRY(FillGate(op, v, g, w.gates[g]));
  MW_TRY(FillCell(op, options, w));
  if (v.has_peephole) MW_TRY(FillPeepholes(op, v, w));
  if (v.has_projection) MW_TRY(FillProjection(op, options, w));
  return w;
}

}  // namespace

Result<LstmPlan> PlanLstm(const OpView& op) {
  if (op.op().inputs.size() != 20 && op.op().inputs.size() != model::kLstmInputs)
    return op.Invalid(std::to_string(op.op().inputs.size()) + " inputs; an LSTM has 20 or 24");
  MW_TRY(const auto* options, OptionsOf<model::LstmOptions>(op));
  if (options->diagonal_recurrent) return op.Unsupported("diagonal recurrent weights");
  if (options->activation != model::Activation::kTanh)
    return op.Unsupported("an activation other than TANH");
  MW_TRY(op.CheckArity(20, model::kLstmInputs, 1));
  MW_TRY(const Variant variant, ReadVariant(op));
  MW_TRY(const LstmShape s, CheckShapes(op, variant, options->time_major));
  MW_TRY(CheckTypes(op, variant));
  MW_TRY(const LstmWeights weights, MakeWeights(op, s, variant, *options));
  LstmPlan plan{.batch = static_cast<size_t>(s.batch),
                .steps = static_cast<size_t>(s.steps),
                .time_major = options->time_major};
  const bool differs_by_entry =
      variant.has_peephole && s.outputs != s.units && options->time_major && s.batch > 1;
  for (int32_t b = 0; b < (differs_by_entry ? s.batch : 1); ++b) {
    LstmWeights& own = plan.weights.emplace_back(weights);
    for (size_t g = variant.first_gate(); variant.has_peephole && g < kGates; ++g) {
      if (kPeephole[g] < 0) continue;
      own.gates[g].peephole =
          PeepholeOf(op.input(static_cast<size_t>(kPeephole[g])), s, b, options->time_major);
    }
  }
  return plan;
}

}  // namespace millwright::nn
