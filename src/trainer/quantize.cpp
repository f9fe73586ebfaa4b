#include "trainer/quantize.h"

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

int32_t ToBias(float value, float scale) {
  const double q = std::round(static_cast<double>(value) / static_cast<double>(scale));
  constexpr double kMax = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(q, -kMax, kMax));
}

struct Affine {
  float scale;
  int zero_point;
};

// int8 over [low, high], zero inside and exact.
Affine Asymmetric(Range range) {
  const float low = std::min(range.low, 0.0F), high = std::max(range.high, 0.0F);
  const float scale = std::max((high - low) / 255.0F, 1e-6F);
  const float zero = std::clamp(std::round(-128.0F - low / scale), -128.0F, 127.0F);
  return {scale, static_cast<int>(zero)};
}

// The smallest 2^n that holds the cell, as the converter extends it: scale 2^n / 32768.
Result<int> CellShift(Range range, size_t layer) {
  const float peak = std::max(std::abs(range.low), std::abs(range.high));
  const int bits = peak <= 1 ? 0 : static_cast<int>(std::ceil(std::log2(peak)));
  if (bits <= 6) return 15 - bits;
  return Fail(Errc::kInvalid, "quantize: the cell state of layer " + std::to_string(layer) +
                                  " reaches " + std::to_string(peak) +
                                  ", above 64; raise training.weight_decay");
}

Result<model::QuantizedLstm> QuantizeLayer(const LstmLayer& l, size_t index, const Ranges& ranges,
                                           float in_scale) {
  model::QuantizedLstm q{.units = l.units};
  const std::string name = "layer " + std::to_string(index);
  for (size_t g = 0; g < model::kGates; ++g) {
    MW_TRY(q.input_scales[g], SymmetricScale(l.input_weights[g], name + " input weights"));
    MW_TRY(q.recurrent_scales[g],
           SymmetricScale(l.recurrent_weights[g], name + " recurrent weights"));
    q.input_weights[g] = ToInt8(l.input_weights[g], q.input_scales[g]);
    q.recurrent_weights[g] = ToInt8(l.recurrent_weights[g], q.recurrent_scales[g]);
    for (const float b : l.biases[g])
      q.biases[g].push_back(ToBias(b, in_scale * q.input_scales[g]));
  }
  MW_TRY(q.cell_shift, CellShift(ranges.cell[index], index));
  const Affine hidden = Asymmetric(ranges.hidden[index]);
  q.hidden_scale = hidden.scale;
  q.hidden_zero_point = hidden.zero_point;
  return q;
}

Result<model::QuantizedDense> QuantizeDense(const LstmNet& net, const Ranges& ranges,
                                            float in_scale, double temperature) {
  const auto t = static_cast<float>(temperature);
  const auto classes = static_cast<size_t>(net.classes);
  const size_t units = net.dense_weights.size() / classes;
  model::QuantizedDense q{.classes = net.classes};
  for (size_t c = 0; c < classes; ++c) {
    std::vector<float> row(
        net.dense_weights.begin() + static_cast<std::ptrdiff_t>(c * units),
        net.dense_weights.begin() + static_cast<std::ptrdiff_t>((c + 1) * units));
    for (float& w : row) w /= t;
    MW_TRY(const float scale, SymmetricScale(row, "dense weights"));
    const std::vector<int8_t> weights = ToInt8(row, scale);
    q.weights.insert(q.weights.end(), weights.begin(), weights.end());
    q.scales.push_back(scale);
    q.biases.push_back(ToBias(net.dense_biases[c] / t, in_scale * scale));
  }
  const Affine logits = Asymmetric({ranges.logits.low / t, ranges.logits.high / t});
  q.logits_scale = logits.scale;
  q.logits_zero_point = logits.zero_point;
  return q;
}

}  // namespace

float InputScale(double clip) { return static_cast<float>(clip / 127.0); }

Result<model::QuantizedClassifier> Quantize(const LstmNet& net, const Ranges& ranges,
                                            float input_scale, double temperature) {
  if (ranges.hidden.size() != net.layers.size() || !(temperature > 0))
    return Fail(Errc::kInternal, "quantize: no calibration ranges");
  model::QuantizedClassifier q{.steps = net.steps,
                               .features = net.features,
                               .input_scale = input_scale,
                               .input_zero_point = 0,
                               .description = net.regression
                                                  ? "Millwright LSTM regression, full INT8"
                                                  : "Millwright LSTM classifier, full INT8",
                               .regression = net.regression};
  float in_scale = input_scale;
  for (size_t i = 0; i < net.layers.size(); ++i) {
    MW_TRY(model::QuantizedLstm layer, QuantizeLayer(net.layers[i], i, ranges, in_scale));
    in_scale = layer.hidden_scale;
    q.layers.push_back(std::move(layer));
  }
  MW_TRY(q.dense, QuantizeDense(net, ranges, in_scale, temperature));
  return q;
}

}  // namespace millwright::trainer
