#include "nn/kernels/reference/conv.h"

#include <algorithm>

namespace millwright::nn::reference {
namespace {

using Taps = WindowAxis::Taps;

int8_t Finish(const ConvWeights& w, int64_t channel, int32_t sum) {
  const auto c = static_cast<size_t>(channel);
  const auto biased =
      static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(w.bias[c]));
  const int64_t scaled = int64_t{Scale(biased, w.scales[c])} + w.output_zero_point;
  return static_cast<int8_t>(std::clamp<int64_t>(scaled, w.low, w.high));
}

// Calls function(batch, taps along y, taps along x) for each output position, in order.
template <typename Function>
void ForEachPosition(const Window& window, Function function) {
  for (int64_t b = 0; b < window.batch; ++b) {
    for (int64_t y = 0; y < window.y.out; ++y) {
      const Taps rows = window.y.At(y);
      for (int64_t x = 0; x < window.x.out; ++x) function(b, rows, window.x.At(x));
    }
  }
}

int32_t Dot(const int8_t* filter, const int8_t* in, int64_t count, int32_t zero_point) {
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += int32_t{filter[i]} * (in[i] - zero_point);
  return sum;
}

int32_t ConvSum(const ConvWeights& w, int64_t b, const Taps& rows, const Taps& columns,
                const int8_t* in, const int8_t* filter) {
  const Window& window = w.window;
  int32_t sum = 0;
  for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const int64_t row = rows.origin + ky * window.y.dilation;
    for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
      const int64_t column = columns.origin + kx * window.x.dilation;
      sum += Dot(filter + (ky * window.x.filter + kx) * w.group_inputs,
                 in + window.Offset(b, row, column), w.group_inputs, w.input_zero_point);
    }
  }
  return sum;
}

}  // namespace

void Conv(const ConvWeights& w, const int8_t* in, int8_t* out) {
  const Window& window = w.window;
  const int64_t per_group = window.out_channels / (window.channels / w.group_inputs);
  const int64_t filter_size = window.y.filter * window.x.filter * w.group_inputs;
  ForEachPosition(window, [&](int64_t b, const Taps& rows, const Taps& columns) {
    for (int64_t c = 0; c < window.out_channels; ++c) {
      const int8_t* group = in + c / per_group * w.group_inputs;
      *out++ = Finish(w, c, ConvSum(w, b, rows, columns, group, w.filter + c * filter_size));
    }
  });
}

void DepthwiseConv(const ConvWeights& w, const int8_t* in, int8_t* out) {
  const Window& window = w.window;
  ForEachPosition(window, [&](int64_t b, const Taps& rows, const Taps& columns) {
    for (int64_t c = 0; c < window.out_channels; ++c) {
      int32_t sum = 0;
      for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
        const int64_t row = rows.origin + ky * window.y.dilation;
        for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
          const int64_t column = columns.origin + kx * window.x.dilation;
          const int8_t weight = w.filter[(ky * window.x.filter + kx) * window.out_channels + c];
          sum += int32_t{weight} *
                 (in[window.Offset(b, row, column) + c / w.multiplier] - w.input_zero_point);
        }
      }
      *out++ = Finish(w, c, sum);
    }
  });
}

}  // namespace millwright::nn::reference
