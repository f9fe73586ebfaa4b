#include "nn/kernels/reference/pointwise.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "nn/kernels/reference/fixed_exp.h"

namespace millwright::nn::reference {
namespace {

constexpr int kDiffIntegerBits = 5;  // differences are Q5.26
constexpr int kSumIntegerBits = 12;  // their exponentials are summed as Q12.19

int32_t ExpOfDifference(const SoftmaxScale& scale, int32_t difference) {
  const int32_t scaled =
      MulHigh32(WrappingShiftLeft(difference, scale.input.shift), scale.input.mantissa);
  return ExpOfNegative<kDiffIntegerBits, int32_t>(scaled);
}

}  // namespace

void Softmax(const SoftmaxScale& scale, const int8_t* in, size_t depth, int8_t* out) {
  const int32_t largest = *std::max_element(in, in + depth);
  int32_t sum = 0;
  for (size_t i = 0; i < depth; ++i) {
    const int32_t difference = in[i] - largest;
    if (difference >= scale.diff_min)
      sum += RoundingShiftRight(ExpOfDifference(scale, difference), kSumIntegerBits);
  }
  // sum = (1 + fraction) * 2^over_unit: the reciprocal of the bracket is a Q0, the power of two a
  // shift.
  const int headroom = std::countl_zero(static_cast<uint32_t>(sum));
  const int over_unit = kSumIntegerBits - headroom;
  const auto fraction =
      static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - (uint32_t{1} << 31));
  const int32_t reciprocal = OneOverOnePlus<int32_t>(fraction);
  const int exponent = over_unit + 31 - 8;
  for (size_t i = 0; i < depth; ++i) {
    const int32_t difference = in[i] - largest;
    if (difference < scale.diff_min) {
      out[i] = -128;
      continue;
    }
    const int32_t share =
        RoundingShiftRight(MulHigh32(reciprocal, ExpOfDifference(scale, difference)), exponent);
    out[i] = Saturate8(share - 128);
  }
}

template <typename In, typename Out>
void Requantize(const In* in, size_t count, Multiplier by, int32_t in_zero_point,
                int32_t out_zero_point, Out* out) {
  constexpr int32_t kLow = std::numeric_limits<Out>::min(), kHigh = std::numeric_limits<Out>::max();
  for (size_t i = 0; i < count; ++i) {
    const int64_t value = int64_t{Scale(in[i] - in_zero_point, by)} + out_zero_point;
    out[i] = static_cast<Out>(std::clamp<int64_t>(value, kLow, kHigh));
  }
}

template <typename Out>
void Quantize(const float* in, size_t count, float scale, int32_t zero_point, Out* out) {
  constexpr double kLow = std::numeric_limits<Out>::min(), kHigh = std::numeric_limits<Out>::max();
  for (size_t i = 0; i < count; ++i) {
    const double value = static_cast<double>(std::round(in[i] / scale)) + zero_point;
    out[i] = static_cast<Out>(std::isnan(value) ? zero_point : std::clamp(value, kLow, kHigh));
  }
}

template <typename In>
void Dequantize(const In* in, size_t count, float scale, int32_t zero_point, float* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(static_cast<double>(scale) * (in[i] - zero_point));
  }
}

template void Requantize(const int8_t*, size_t, Multiplier, int32_t, int32_t, int8_t*);
template void Requantize(const int8_t*, size_t, Multiplier, int32_t, int32_t, uint8_t*);
template void Requantize(const uint8_t*, size_t, Multiplier, int32_t, int32_t, int8_t*);
template void Quantize(const float*, size_t, float, int32_t, int8_t*);
template void Quantize(const float*, size_t, float, int32_t, uint8_t*);
template void Dequantize(const int8_t*, size_t, float, int32_t, float*);
template void Dequantize(const uint8_t*, size_t, float, int32_t, float*);
template void Dequantize(const int16_t*, size_t, float, int32_t, float*);

}  // namespace millwright::nn::reference
