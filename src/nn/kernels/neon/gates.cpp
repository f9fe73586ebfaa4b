#include "nn/kernels/neon/gates.h"

#include <arm_neon.h>

#include <array>

#include "core/check.h"
#include "nn/kernels/neon/fixed_exp.h"

namespace millwright::nn::neon {
namespace {

constexpr size_t kWide = 4;  // registers in work at once

// TensorFlow Lite's double rounding: SQRDMULH, then a shift that rounds halves away from zero, for
// which negative values lose one before SRSHL rounds halves up.
template <bool kOnlyRight>
struct Scaler {
  Scaler() = default;
  explicit Scaler(const Rescale& by)
      : mantissa(vdupq_n_s32(by.mantissa)),
        left(vdupq_n_s32(by.left)),
        right(vdupq_n_s32(by.right)) {}
  [[gnu::always_inline]] int32x4_t operator()(int32x4_t x) const {
    if constexpr (kOnlyRight) {
      const int32x4_t high = vqrdmulhq_s32(x, mantissa);
      return vrshlq_s32(vsraq_n_s32(high, high, 31), right);
    } else {  // nothing is lost where the right shift is 0
      const int32x4_t high = vqrdmulhq_s32(vshlq_s32(x, left), mantissa);
      return vrshlq_s32(vsraq_n_s32(high, vandq_s32(high, right), 31), right);
    }
  }
  int32x4_t mantissa, left, right;
};

template <bool kOnlyRight>
struct GateScalers {
  explicit GateScalers(const Rescales& by)
      : slot{Scaler<kOnlyRight>(by.of[0]), Scaler<kOnlyRight>(by.of[1]),
             Scaler<kOnlyRight>(by.of[2]), Scaler<kOnlyRight>(by.of[3])} {}
  Scaler<kOnlyRight> slot[kGates];
};

template <bool kOnlyRight>
void RescaleInputLoop(const BlockSums* sums, size_t blocks, size_t first, size_t count,
                      const Rescales& rescales, int16_t* out, size_t stride) {
  const GateScalers<kOnlyRight> scale(rescales);
  for (size_t b = 0; b < blocks; ++b) {
    for (size_t v = 0; v < count; ++v) {
      int16_t* to = out + v * stride + b * kBlockSums;
#pragma GCC unroll 4
      for (size_t slot = 0; slot < kGates; ++slot) {
        const int32_t* in = sums[b].of[first + v] + slot * kBlockUnits;
        const int32x4_t low = scale.slot[slot](vld1q_s32(in));
        const int32x4_t high = scale.slot[slot](vld1q_s32(in + 4));
        vst1q_s16(to + slot * kBlockUnits, vqmovn_high_s32(vqmovn_s32(low), high));
      }
    }
  }
}

template <bool kOnlyRight>
void RescaleRecurrentLoop(const BlockSums* sums, size_t blocks, size_t v, const Rescales& rescales,
                          const int16_t* input, int16_t* out) {
  const GateScalers<kOnlyRight> scale(rescales);
  const size_t units = blocks * kBlockUnits;
  for (size_t b = 0; b < blocks; ++b, input += kBlockSums, out += kBlockUnits) {
#pragma GCC unroll 4
    for (size_t slot = 0; slot < kGates; ++slot) {
      const int32_t* in = sums[b].of[v] + slot * kBlockUnits;
      const int16x8_t x = vld1q_s16(input + slot * kBlockUnits);
      const int32x4_t low = vaddw_s16(scale.slot[slot](vld1q_s32(in)), vget_low_s16(x));
      const int32x4_t high = vaddw_high_s16(scale.slot[slot](vld1q_s32(in + 4)), x);
      vst1q_s16(out + slot * units, vqmovn_high_s32(vqmovn_s32(low), high));
    }
  }
}

// x / 2^15, and x * 2^shift with shift < 0, halves away from zero.
int32x4_t RoundingShift15(int32x4_t x) { return vrshrq_n_s32(vsraq_n_s32(x, x, 31), 15); }
int32x4_t RoundingShift(int32x4_t x, int32x4_t shift) {
  return vrshlq_s32(vsraq_n_s32(x, x, 31), shift);
}

template <typename Function>
[[gnu::always_inline]] inline void ForAll(const int16_t* in, int16_t* out, size_t blocks,
                                          Function function) {
  size_t b = 0;
  for (; b + kWide <= blocks; b += kWide) {
    Lanes<kWide> x;
#pragma GCC unroll 4
    for (size_t i = 0; i < kWide; ++i) x.v[i] = vld1q_s16(in + (b + i) * kBlockUnits);
    x = function(x);
#pragma GCC unroll 4
    for (size_t i = 0; i < kWide; ++i) vst1q_s16(out + (b + i) * kBlockUnits, x.v[i]);
  }
  for (; b < blocks; ++b) {
    const Lanes<1> x{vld1q_s16(in + b * kBlockUnits)};
    vst1q_s16(out + b * kBlockUnits, function(x).v[0]);
  }
}

template <int kIntegerBits>
void TanhAll(const int16_t* in, int16_t* out, size_t blocks) {
  ForAll(in, out, blocks, []<size_t kN>(const Lanes<kN>& x) { return Tanh<kIntegerBits, kN>(x); });
}

using TanhLoop = void (*)(const int16_t* in, int16_t* out, size_t blocks);
constexpr std::array<TanhLoop, 7> kTanhLoops{TanhAll<0>, TanhAll<1>, TanhAll<2>, TanhAll<3>,
                                             TanhAll<4>, TanhAll<5>, TanhAll<6>};

TanhLoop TanhOf(int integer_bits) {
  MW_CHECK(integer_bits >= 0 && integer_bits < static_cast<int>(kTanhLoops.size()));
  return kTanhLoops[static_cast<size_t>(integer_bits)];
}

}  // namespace

void ApplyLogistic(int16_t* values, size_t blocks) {
  ForAll(values, values, blocks, []<size_t kN>(const Lanes<kN>& x) { return Logistic<kN>(x); });
}

void ApplyTanh(int integer_bits, const int16_t* in, int16_t* out, size_t blocks) {
  TanhOf(integer_bits)(in, out, blocks);
}

void RescaleInput(const BlockSums* sums, size_t blocks, size_t first, size_t count,
                  const Rescales& rescales, int16_t* out, size_t stride) {
  const auto loop = rescales.only_right ? RescaleInputLoop<true> : RescaleInputLoop<false>;
  loop(sums, blocks, first, count, rescales, out, stride);
}

void RescaleRecurrent(const BlockSums* sums, size_t blocks, size_t v, const Rescales& rescales,
                      const int16_t* input, int16_t* out) {
  const auto loop = rescales.only_right ? RescaleRecurrentLoop<true> : RescaleRecurrentLoop<false>;
  loop(sums, blocks, v, rescales, input, out);
}

CellRule::CellRule(const LstmWeights& weights)
    : squash_(TanhOf(15 + weights.cell_scale_log2)),
      added_shift_(-(30 + weights.cell_scale_log2)),
      cell_min_(weights.cell_clip > 0 ? static_cast<int16_t>(-weights.cell_clip) : int16_t{-32768}),
      cell_max_(weights.cell_clip > 0 ? weights.cell_clip : int16_t{32767}),
      hidden_(ToRescale(weights.hidden_scale)),
      hidden_zero_point_(weights.hidden_zero_point) {}

void CellRule::Update(int16_t* gates, size_t blocks, int16_t* c, int8_t* h) const {
  const size_t units = blocks * kBlockUnits;
  ApplyLogistic(gates, 3 * blocks);
  int16_t* cell = gates + kCellSlot * units;
  TanhAll<3>(cell, cell, blocks);

  const int16x8_t least = vdupq_n_s16(cell_min_), most = vdupq_n_s16(cell_max_);
  const int32x4_t added_shift = vdupq_n_s32(added_shift_);
  for (size_t u = 0; u < units; u += kBlockUnits) {
    const int16x8_t i = vld1q_s16(gates + kInputSlot * units + u);
    const int16x8_t f = vld1q_s16(gates + kForgetSlot * units + u);
    const int16x8_t g = vld1q_s16(cell + u), old = vld1q_s16(c + u);
    const int32x4_t low =
        vaddq_s32(RoundingShift15(vmull_s16(vget_low_s16(f), vget_low_s16(old))),
                  RoundingShift(vmull_s16(vget_low_s16(i), vget_low_s16(g)), added_shift));
    const int32x4_t high = vaddq_s32(RoundingShift15(vmull_high_s16(f, old)),
                                     RoundingShift(vmull_high_s16(i, g), added_shift));
    const int16x8_t sum = vqmovn_high_s32(vqmovn_s32(low), high);
    vst1q_s16(c + u, vminq_s16(vmaxq_s16(sum, least), most));
  }

  squash_(c, cell, blocks);  // the cell gate is free by now
  const Scaler<false> scale(hidden_);
  const int32x4_t zero_point = vdupq_n_s32(hidden_zero_point_);
  for (size_t u = 0; u < units; u += kBlockUnits) {
    const int16x8_t o = vld1q_s16(gates + kOutputSlot * units + u), t = vld1q_s16(cell + u);
    const int32x4_t low = vmull_s16(vget_low_s16(o), vget_low_s16(t));
    const int32x4_t high = vmull_high_s16(o, t);
    const int16x8_t sum = vqmovn_high_s32(vqmovn_s32(vaddq_s32(scale(low), zero_point)),
                                          vaddq_s32(scale(high), zero_point));
    vst1_s8(h + u, vqmovn_s16(sum));
  }
}

}  // namespace millwright::nn::neon
