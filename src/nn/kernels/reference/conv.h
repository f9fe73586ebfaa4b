// CONV_2D and DEPTHWISE_CONV_2D, int8, one scale per output channel.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/fixed_point.h"
#include "nn/kernels/reference/window.h"

namespace millwright::nn::reference {

struct ConvWeights {
  Window window;
  const int8_t* filter =
      nullptr;  // conv: [out][height][width][in per group]; depthwise: [height][width][out]
  int64_t group_inputs = 0;        // conv: input channels that one output channel sees
  int64_t multiplier = 1;          // depthwise: output channels per input channel
  std::vector<int32_t> bias;       // per output channel
  std::vector<Multiplier> scales;  // per output channel
  int32_t input_zero_point = 0, output_zero_point = 0;
  int32_t low = -128, high = 127;
};

void Conv(const ConvWeights& weights, const int8_t* in, int8_t* out);
void DepthwiseConv(const ConvWeights& weights, const int8_t* in, int8_t* out);

}  // namespace millwright::nn::reference
