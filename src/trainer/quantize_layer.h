// One layer at a time into integers, by the converter's rules: LSTM weights symmetric per tensor,
// dense weights symmetric per output, activations asymmetric by the range that calibration saw.
// Source: tflite/converter/tools/optimize (operator_property, quantize_model), as read.
#pragma once

#include <span>
#include <string>

#include "core/result.h"
#include "model/lstm_classifier.h"
#include "trainer/lstm_net.h"

namespace millwright::trainer {

/// real = (int8 - zero_point) * scale.
struct AffineScale {
  float scale = 0;
  int zero_point = 0;
};

/// int8 over `range`, zero inside and exact.
[[nodiscard]] AffineScale Asymmetric(Range range);

/// A bias as the integer kernel adds it, saturated.
[[nodiscard]] int32_t ToBias(float value, float scale);

/// `hidden` and `cell` are what outputs and cell state reached, `in_scale` the scale of the inputs.
/// `name` stands in errors. kInvalid where a weight is not finite or the cell leaves [-64, 64],
/// which is all that the integer kernel holds.
[[nodiscard]] Result<model::QuantizedLstm> QuantizeLstm(const LstmLayer& layer,
                                                        const std::string& name, Range hidden,
                                                        Range cell, float in_scale);

/// `weights` [outputs x inputs], `biases` [outputs] (at least one); `outputs` is what the sums
/// reached. Also right for a convolution, whose filter is a row. kInvalid where a weight is not
/// finite.
[[nodiscard]] Result<model::QuantizedDense> QuantizeDense(std::span<const float> weights,
                                                          std::span<const float> biases,
                                                          const std::string& name, Range outputs,
                                                          float in_scale);

}  // namespace millwright::trainer
