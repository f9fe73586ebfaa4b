#include "trainer/quantize.h"

#include <vector>

#include "trainer/quantize_layer.h"

namespace millwright::trainer {

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
    MW_TRY(model::QuantizedLstm layer, QuantizeLstm(net.layers[i], "layer " + std::to_string(i),
                                                    ranges.hidden[i], ranges.cell[i], in_scale));
    in_scale = layer.hidden_scale;
    q.layers.push_back(std::move(layer));
  }
  const auto t = static_cast<float>(temperature);
  std::vector<float> weights = net.dense_weights, biases = net.dense_biases;
  for (float& w : weights) w /= t;
  for (float& b : biases) b /= t;
  MW_TRY(q.dense, QuantizeDense(weights, biases, "dense",
                                {ranges.logits.low / t, ranges.logits.high / t}, in_scale));
  return q;
}

}  // namespace millwright::trainer
