// FULLY_CONNECTED, int8, per tensor and per channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millwright::nn::reference {

struct DenseWeights {
  size_t inputs = 0, units = 0;
  const int8_t* weights = nullptr;  // [units][inputs]
  std::vector<int32_t> bias;  // bias - input zero point x (row sum - inputs x weight zero point)
  int32_t weight_zero_point = 0;  // 0 but for old per-tensor files
  std::vector<double> scales;     // per unit: input scale x weight scale / output scale
  int32_t output_zero_point = 0;
  int32_t output_min = -128, output_max = 127;  // the fused activation's range
};

/// One row: out[u] = activation(W x + b). `sums` holds `units` int32 of scratch.
/// The reference kernels bring the sum to the output's scale in double precision, halves away from
/// zero.
void Dense(const DenseWeights& weights, const int8_t* x, int32_t* sums, int8_t* out);

}  // namespace millwright::nn::reference
