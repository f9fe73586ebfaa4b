// How a filter or a pool slides over an image: [batch, height, width, channels], one window per
// output position.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "nn/kernel.h"
#include "nn/kernels/reference/window.h"

namespace millwright::nn {

struct WindowSpec {
  model::Padding padding = model::Padding::kSame;
  int32_t stride_height = 1, stride_width = 1;
  int32_t dilation_height = 1, dilation_width = 1;
  int32_t filter_height = 1, filter_width = 1;
};

/// Checks strides, dilations and the filter, and that the output [batch, height, width,
/// out_channels] is what they make of the input. Source: tensorflow.org/api_docs/python/tf/nn,
/// "Notes on padding".
[[nodiscard]] Result<reference::Window> MakeWindow(const OpView& op, const WindowSpec& spec,
                                                   int32_t out_channels);

}  // namespace millwright::nn
