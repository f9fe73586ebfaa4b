// From a float net to the integers that TensorFlow Lite runs, by the converter's own rules: weights
// of an LSTM symmetric per tensor, dense weights per class, activations by what calibration data
// reached.
#pragma once

#include "core/result.h"
#include "model/lstm_classifier.h"
#include "trainer/lstm_net.h"

namespace millwright::trainer {

/// `ranges` of the net over calibration windows; `input_scale` of the rows it was trained on (zero
/// point 0); `temperature` is folded into the dense layer. kInvalid where a weight is not finite or
/// a range leaves what the integer kernel can hold.
[[nodiscard]] Result<model::QuantizedClassifier> Quantize(const LstmNet& net, const Ranges& ranges,
                                                          float input_scale, double temperature);

/// The input scale for features clipped to [-clip, clip]: symmetric, so that zero is exact.
[[nodiscard]] float InputScale(double clip);

}  // namespace millwright::trainer
