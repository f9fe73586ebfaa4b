#include "nn/kernels/reference/layer_norm.h"

#include <bit>
#include <limits>

#include "nn/kernels/reference/fixed_exp.h"

namespace millwright::nn::reference {
namespace {

constexpr int32_t kUnit = 1 << 10;  // extra resolution of normalized values
constexpr int32_t kUnitSquared = 1 << 20;

int32_t WrappingSubtract(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}

struct Moments {
  int32_t mean = 0;      // x 2^10
  int32_t variance = 0;  // truncated
};

Moments MomentsOf(std::span<const int16_t> values) {
  int64_t sum = 0, squares = 0;
  for (const int16_t value : values) {
    sum += value;
    squares += int32_t{value} * value;
  }
  const auto count = static_cast<int64_t>(values.size());
  const auto mean = static_cast<int32_t>(sum * kUnit / count);
  // The peer divides 2^20 by the count first and loses what does not divide.
  const int64_t scaled = squares * (kUnitSquared / count) - int64_t{mean} * mean;
  return {mean, static_cast<int32_t>(scaled / kUnitSquared)};
}

}  // namespace

Multiplier InverseSquareRoot(int32_t x) {
  if (x <= 1) return {.mantissa = std::numeric_limits<int32_t>::max(), .shift = 0};
  int shift = 11;
  for (; x >= (1 << 29); ++shift) x /= 4;
  const int pairs = (std::countl_zero(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  x <<= 2 * pairs;  // now in [2^27, 2^29)
  // Q3.28 from here on.
  const int32_t half = RoundingShiftRight(x >> 1, 1);
  constexpr int32_t kThreeHalves = (1 << 28) + (1 << 27);
  int32_t root = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = SaturatingShiftLeft<6, int32_t>(MulHigh32(MulHigh32(root, root), root));
    root = SaturatingShiftLeft<3, int32_t>(
        WrappingSubtract(MulHigh32(kThreeHalves, root), MulHigh32(half, cube)));
  }
  constexpr int32_t kHalfSqrt2 = 1518500250;
  root = MulHigh32(root, kHalfSqrt2);
  if (shift < 0) return {.mantissa = WrappingShiftLeft(root, -shift), .shift = 0};
  return {.mantissa = root, .shift = -shift};
}

void ApplyLayerNorm(const LstmNorm& norm, std::span<int16_t> gate) {
  const Moments moments = MomentsOf(gate);
  const Multiplier inverse =
      InverseSquareRoot(moments.variance < 1 ? norm.variance_guard : moments.variance);
  const Multiplier to_gate{norm.scale.mantissa, norm.scale.shift + 12};
  for (size_t u = 0; u < gate.size(); ++u) {
    const int32_t normalized = Scale(kUnit * gate[u] - moments.mean, inverse);
    // The sum wraps in 32 bits in the peer too.
    const int64_t sum = static_cast<int32_t>(
        static_cast<uint32_t>(normalized) * static_cast<uint32_t>(int32_t{norm.coefficients[u]}) +
        static_cast<uint32_t>(norm.bias[u]));
    const auto rounded =
        static_cast<int32_t>((sum > 0 ? sum + kUnit / 2 : sum - kUnit / 2) / kUnit);
    gate[u] = Saturate16(Scale(rounded, to_gate));
  }
}

}  // namespace millwright::nn::reference
