// The LSTM's activations on whole vectors.
#pragma once

#include <cstdint>
#include <span>

namespace millwright::nn::reference {

/// values = logistic(values), Q3.12 in, Q0.15 out.
void ApplyLogistic(std::span<int16_t> values);

/// out = tanh(in); in has `integer_bits` (0..6) integer bits, out is Q0.15. `in` and `out` may be
/// the same.
void ApplyTanh(int integer_bits, std::span<const int16_t> in, std::span<int16_t> out);

}  // namespace millwright::nn::reference
