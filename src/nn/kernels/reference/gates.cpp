#include "nn/kernels/reference/gates.h"

#include "core/check.h"
#include "nn/kernels/reference/fixed_exp.h"

namespace millwright::nn::reference {
namespace {

template <int kIntegerBits>
void TanhLoop(std::span<const int16_t> in, std::span<int16_t> out) {
  for (size_t i = 0; i < in.size(); ++i) out[i] = Tanh<kIntegerBits, int16_t>(in[i]);
}

}  // namespace

void ApplyLogistic(std::span<int16_t> values) {
  for (int16_t& value : values) value = Logistic<3, int16_t>(value);
}

void ApplyTanh(int integer_bits, std::span<const int16_t> in, std::span<int16_t> out) {
  switch (integer_bits) {
    case 0:
      return TanhLoop<0>(in, out);
    case 1:
      return TanhLoop<1>(in, out);
    case 2:
      return TanhLoop<2>(in, out);
    case 3:
      return TanhLoop<3>(in, out);
    case 4:
      return TanhLoop<4>(in, out);
    case 5:
      return TanhLoop<5>(in, out);
    case 6:
      return TanhLoop<6>(in, out);
    default:
      MW_CHECK(false);  // the planner refuses other cell scales
  }
}

}  // namespace millwright::nn::reference
