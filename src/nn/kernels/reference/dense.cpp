#include "nn/kernels/reference/dense.h"

#include <algorithm>
#include <cmath>

#include "nn/kernels/reference/dot.h"

namespace millwright::nn::reference {

void Dense(const DenseWeights& w, const int8_t* x, int32_t* sums, int8_t* out) {
  MatrixVector(w.weights, w.bias.data(), x, w.units, w.inputs, sums);
  if (w.weight_zero_point != 0) {
    int32_t input_sum = 0;
    for (size_t i = 0; i < w.inputs; ++i) input_sum += x[i];
    const auto offset = static_cast<uint32_t>(w.weight_zero_point * input_sum);
    for (size_t u = 0; u < w.units; ++u)
      sums[u] = static_cast<int32_t>(static_cast<uint32_t>(sums[u]) - offset);
  }
  for (size_t u = 0; u < w.units; ++u) {
    const double scaled = std::round(sums[u] * w.scales[u]) + w.output_zero_point;
    out[u] = static_cast<int8_t>(
        std::clamp(scaled, static_cast<double>(w.output_min), static_cast<double>(w.output_max)));
  }
}

}  // namespace millwright::nn::reference
