#include "trainer/quantize_layer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millwright::trainer {
namespace {

constexpr float kWeightMax = 127;
constexpr float kScaleMin = 1e-9F;  // an all-zero tensor still needs a scale above zero

Result<float> SymmetricScale(std::span<const float> values, const std::string& what) {
  float peak = 0;
  for (const float v : values) {
    if (!std::isfinite(v))
      return Fail(Errc::kInvalid, "quantize: " + what + " holds a value that is not finite");
    peak = std::max(peak, std::abs(v));
  }
  return std::max(peak / kWeightMax, kScaleMin);
}

std::vector<int8_t> ToInt8(std::span<const float> values, float scale) {
  std::vector<int8_t> out(values.size());
  std::ranges::transform(values, out.begin(), [&](float v) {
    return static_cast<int8_t>(std::clamp(std::round(v / scale), -kWeightMax, kWeightMax));
  });
  return out;
}

// The smallest 2^n that holds the cell, as the converter extends it: scale 2^n / 32768.
Result<int> CellShift(Range range, const std::string& name) {
  const float peak = std::max(std::abs(range.low), std::abs(range.high));
  const int bits = peak <= 1 ? 0 : static_cast<int>(std::ceil(std::log2(peak)));
  if (bits <= 6) return 15 - bits;
  return Fail(Errc::kInvalid, "quantize: the cell state of " + name + " reaches " +
                                  std::to_string(peak) +
                                  ", above 64; train with more weight decay");
}

}  // namespace

int32_t ToBias(float value, float scale) {
  const double q = std::round(static_cast<double>(value) / static_cast<double>(scale));
  constexpr double kMax = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(q, -kMax, kMax));
}

AffineScale Asymmetric(Range range) {
  const float low = std::min(range.low, 0.0F), high = std::max(range.high, 0.0F);
  const float scale = std::max((high - low) / 255.0F, 1e-6F);
  const float zero = std::clamp(std::round(-128.0F - low / scale), -128.0F, 127.0F);
  return {scale, static_cast<int>(zero)};
}

Result<model::QuantizedLstm> QuantizeLstm(const LstmLayer& l, const std::string& name,
                                          Range hidden_range, Range cell_range, float in_scale) {
  model::QuantizedLstm q{.units = l.units};
  for (size_t g = 0; g < model::kGates; ++g) {
    MW_TRY(q.input_scales[g], SymmetricScale(l.input_weights[g], name + " input weights"));
    MW_TRY(q.recurrent_scales[g],
           SymmetricScale(l.recurrent_weights[g], name + " recurrent weights"));
    q.input_weights[g] = ToInt8(l.input_weights[g], q.input_scales[g]);
    q.recurrent_weights[g] = ToInt8(l.recurrent_weights[g], q.recurrent_scales[g]);
    for (const float b : l.biases[g])
      q.biases[g].push_back(ToBias(b, in_scale * q.input_scales[g]));
  }
  MW_TRY(q.cell_shift, CellShift(cell_range, name));
  const AffineScale hidden = Asymmetric(hidden_range);
  q.hidden_scale = hidden.scale;
  q.hidden_zero_point = hidden.zero_point;
  return q;
}

Result<model::QuantizedDense> QuantizeDense(std::span<const float> weights,
                                            std::span<const float> biases, const std::string& name,
                                            Range outputs, float in_scale) {
  const size_t inputs = weights.size() / biases.size();
  model::QuantizedDense q{.classes = static_cast<int>(biases.size())};
  for (size_t c = 0; c < biases.size(); ++c) {
    const std::span<const float> row = weights.subspan(c * inputs, inputs);
    MW_TRY(const float scale, SymmetricScale(row, name + " weights"));
    const std::vector<int8_t> quantized = ToInt8(row, scale);
    q.weights.insert(q.weights.end(), quantized.begin(), quantized.end());
    q.scales.push_back(scale);
    q.biases.push_back(ToBias(biases[c], in_scale * scale));
  }
  const AffineScale logits = Asymmetric(outputs);
  q.logits_scale = logits.scale;
  q.logits_zero_point = logits.zero_point;
  return q;
}

}  // namespace millwright::trainer
