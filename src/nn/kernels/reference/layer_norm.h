// Layer normalization of a gate in fixed point, as TensorFlow Lite's integer LSTM computes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/fixed_point.h"
#include "nn/lstm_weights.h"

namespace millwright::nn::reference {

/// 1 / sqrt(x) for x >= 1, by five steps of Newton-Raphson from 1. Source: gemmlowp's fixed-point
/// arithmetic; TensorFlow Lite's GetInvSqrtQuantizedMultiplierExp.
[[nodiscard]] Multiplier InverseSquareRoot(int32_t x);

/// In place: the gate's pre-activation at any scale becomes Q3.12. At most 65536 values.
void ApplyLayerNorm(const LstmNorm& norm, std::span<int16_t> gate);

}  // namespace millwright::nn::reference
