// The primitives of packed/cell_update.h in AVX2: a vector holds one row of 16 units.
#pragma once

#include <immintrin.h>

#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::avx2 {
namespace {

using packed::CellPlan;
using packed::Rescale;
using packed::Row;

struct Isa {
  using Vec = __m256i;
  static constexpr size_t kRows = 1;

  static Vec Set(int value) { return _mm256_set1_epi16(static_cast<int16_t>(value)); }
  static Vec Add(Vec a, Vec b) { return _mm256_add_epi16(a, b); }
  static Vec AddSaturating(Vec a, Vec b) { return _mm256_adds_epi16(a, b); }
  static Vec Sub(Vec a, Vec b) { return _mm256_sub_epi16(a, b); }
  static Vec And(Vec a, Vec b) { return _mm256_and_si256(a, b); }
  static Vec Min(Vec a, Vec b) { return _mm256_min_epi16(a, b); }
  static Vec Max(Vec a, Vec b) { return _mm256_max_epi16(a, b); }
  static Vec MulRound(Vec a, Vec b) { return _mm256_mulhrs_epi16(a, b); }
  static Vec MulLow(Vec a, Vec b) { return _mm256_mullo_epi16(a, b); }
  static Vec MulHigh(Vec a, Vec b) { return _mm256_mulhi_epi16(a, b); }
  template <int kBits>
  static Vec ShiftLeft(Vec a) {
    return _mm256_slli_epi16(a, kBits);
  }
  /// Of values that are not negative.
  template <int kBits>
  static Vec ShiftRight(Vec a) {
    return _mm256_srli_epi16(a, kBits);
  }
  static Vec HalfUp(Vec a) { return _mm256_avg_epu16(a, _mm256_setzero_si256()); }
  static Vec Magnitude(Vec a) { return _mm256_abs_epi16(a); }
  static Vec MinusMagnitude(Vec a) { return Min(a, Sub(_mm256_setzero_si256(), a)); }

  /// value x factor where this bit of `bits` is set.
  template <int kBit>
  static Vec MulRoundWhereBit(Vec bits, Vec value, int factor) {
    const Vec set = _mm256_srai_epi16(_mm256_slli_epi16(bits, 15 - kBit), 15);
    return _mm256_blendv_epi8(value, MulRound(value, Set(factor)), set);
  }
  static Vec ZeroWhereLess(Vec a, int16_t limit, Vec value) {
    return _mm256_andnot_si256(_mm256_cmpgt_epi16(Set(limit), a), value);
  }
  /// upper where a > 0, 1 - upper where a < 0, a half where a = 0.
  static Vec FoldLogistic(Vec a, Vec upper) {
    // 32767 - upper = 32767 ^ upper, for upper is not negative.
    const Vec negative = _mm256_srai_epi16(a, 15);
    const Vec folded = _mm256_xor_si256(upper, And(negative, Set(32767)));
    const Vec zero = _mm256_cmpeq_epi16(a, _mm256_setzero_si256());
    return _mm256_blendv_epi8(folded, Set(16384), zero);
  }
  /// value with the sign of a; 0 where a = 0.
  static Vec SignOf(Vec a, Vec value) { return _mm256_sign_epi16(value, a); }
  /// value - 1 where a = `equal` and `sign` is negative.
  static Vec SubOneWhere(Vec value, Vec a, int16_t equal, Vec sign) {
    return Add(value, And(_mm256_cmpeq_epi16(a, Set(equal)), _mm256_srai_epi16(sign, 15)));
  }
  /// Bits `from`.. (14..20) of the 32-bit product of high and low half, where 16 bits hold them.
  static Vec ProductBits(Vec high, Vec low, int from) {
    const Vec up = _mm256_sll_epi16(high, _mm_cvtsi32_si128(from < 16 ? 16 - from : 0));
    const Vec down = _mm256_srl_epi16(up, _mm_cvtsi32_si128(from < 16 ? 0 : from - 16));
    return _mm256_or_si256(down, _mm256_srl_epi16(low, _mm_cvtsi32_si128(from)));
  }

  static Vec Load16(const int16_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static void Store16(int16_t* to, Vec value) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), value);
  }
  static Vec Load(const int16_t* a, const int16_t* /*b*/) { return Load16(a); }
  static void Store(int16_t* a, int16_t* /*b*/, Vec value) { Store16(a, value); }

  /// nn::Scale: rounding doubling high product, then halves away from zero.
  template <bool kNarrow>
  static __m256i Apply(__m256i x, const Rescale& by) {
    if constexpr (kNarrow) return ApplyNarrow(x, by);
    const __m256i mantissa = _mm256_set1_epi32(by.mantissa);
    const __m256i half = _mm256_set1_epi64x(1 << 30);
    x = _mm256_sll_epi32(x, _mm_cvtsi32_si128(by.left));
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, mantissa), half);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), mantissa), half);
    x = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
    const __m256i mask = _mm256_set1_epi32(static_cast<int32_t>((int64_t{1} << by.right) - 1));
    const __m256i threshold =
        _mm256_add_epi32(_mm256_srli_epi32(mask, 1), _mm256_srli_epi32(x, 31));
    const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold);
    return _mm256_sub_epi32(_mm256_sra_epi32(x, _mm_cvtsi32_si128(by.right)), up);
  }
  // With twice the value the product's upper half is the result, and no sum here overflows.
  static __m256i ApplyNarrow(__m256i x, const Rescale& by) {
    const __m256i mantissa = _mm256_set1_epi32(by.mantissa);
    const __m256i half = _mm256_set1_epi64x(int64_t{1} << 31);
    x = _mm256_sll_epi32(x, _mm_cvtsi32_si128(by.left + 1));
    const __m256i odd_x = _mm256_shuffle_epi32(x, 0xF5);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, mantissa), half);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(odd_x, mantissa), half);
    x = _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
    const __m256i away = And(_mm256_srai_epi32(x, 31), _mm256_set1_epi32(by.away));
    x = _mm256_add_epi32(_mm256_add_epi32(x, _mm256_set1_epi32(by.half)), away);
    return _mm256_sra_epi32(x, _mm_cvtsi32_si128(by.right));
  }
  static __m256i Load8(const int32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  /// Sixteen int32, saturated, in order.
  static Vec Narrow(__m256i low, __m256i high) {
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
  }
  template <bool kNarrow>
  static void StoreSaturated(int16_t* out, const int32_t* sums, const Rescale& by) {
    Store16(out, Narrow(Apply<kNarrow>(Load8(sums), by), Apply<kNarrow>(Load8(sums + 8), by)));
  }
  template <bool kNarrow>
  static Vec RescaleAndAdd(const int32_t* sums, const int32_t* /*b*/, const int16_t* addend,
                           const int16_t* /*b*/, const Rescale& by) {
    const Vec add = Load16(addend);
    const __m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(add));
    const __m256i high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(add, 1));
    return Narrow(_mm256_add_epi32(Apply<kNarrow>(Load8(sums), by), low),
                  _mm256_add_epi32(Apply<kNarrow>(Load8(sums + 8), by), high));
  }

  template <bool kNarrow>
  static __m256i Hidden(const CellPlan& plan, __m128i output, __m128i squashed) {
    // The output gate is never negative, so its upper half is zero and adds nothing.
    const __m256i product =
        _mm256_madd_epi16(_mm256_cvtepu16_epi32(output), _mm256_cvtepi16_epi32(squashed));
    return _mm256_add_epi32(Apply<kNarrow>(product, plan.hidden),
                            _mm256_set1_epi32(plan.hidden_zero_point));
  }
  template <bool kNarrow>
  static void StoreHidden(const CellPlan& plan, const Row& row, const Row& /*b*/, Vec output,
                          Vec squashed) {
    const __m256i low =
        Hidden<kNarrow>(plan, _mm256_castsi256_si128(output), _mm256_castsi256_si128(squashed));
    const __m256i high = Hidden<kNarrow>(plan, _mm256_extracti128_si256(output, 1),
                                         _mm256_extracti128_si256(squashed, 1));
    const Vec words = Narrow(low, high);
    const __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    StoreOut(row, bytes);
    // Each four values beside their magnitudes.
    const __m128i magnitudes = _mm_abs_epi8(bytes);
    const __m128i first = _mm_unpacklo_epi32(bytes, magnitudes);
    const __m128i last = _mm_unpackhi_epi32(bytes, magnitudes);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(row.h), first);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(row.h + row.h_stride), _mm_srli_si128(first, 8));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(row.h + 2 * row.h_stride), last);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(row.h + 3 * row.h_stride), _mm_srli_si128(last, 8));
  }
  static void StoreOut(const Row& row, __m128i bytes) {
    if (row.units == packed::kBlockUnits) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(row.out), bytes);
      return;
    }
    alignas(16) int8_t all[packed::kBlockUnits];
    _mm_store_si128(reinterpret_cast<__m128i*>(all), bytes);
    for (size_t i = 0; i < row.units; ++i) row.out[i] = all[i];
  }
};

}  // namespace
}  // namespace millwright::nn::avx2
