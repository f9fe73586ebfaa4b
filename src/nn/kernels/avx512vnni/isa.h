// The primitives of packed/cell_update.h in AVX-512: a vector holds two rows of 16 units.
#pragma once

#include <immintrin.h>

#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::avx512vnni {
namespace {

using packed::CellPlan;
using packed::Rescale;
using packed::Row;

struct Isa {
  using Vec = __m512i;
  static constexpr size_t kRows = 2;

  static Vec Set(int value) { return _mm512_set1_epi16(static_cast<int16_t>(value)); }
  static Vec Add(Vec a, Vec b) { return _mm512_add_epi16(a, b); }
  static Vec AddSaturating(Vec a, Vec b) { return _mm512_adds_epi16(a, b); }
  static Vec Sub(Vec a, Vec b) { return _mm512_sub_epi16(a, b); }
  static Vec And(Vec a, Vec b) { return _mm512_and_si512(a, b); }
  static Vec Min(Vec a, Vec b) { return _mm512_min_epi16(a, b); }
  static Vec Max(Vec a, Vec b) { return _mm512_max_epi16(a, b); }
  static Vec MulRound(Vec a, Vec b) { return _mm512_mulhrs_epi16(a, b); }
  static Vec MulLow(Vec a, Vec b) { return _mm512_mullo_epi16(a, b); }
  static Vec MulHigh(Vec a, Vec b) { return _mm512_mulhi_epi16(a, b); }
  template <int kBits>
  static Vec ShiftLeft(Vec a) {
    return _mm512_slli_epi16(a, kBits);
  }
  /// Of values that are not negative.
  template <int kBits>
  static Vec ShiftRight(Vec a) {
    return _mm512_srli_epi16(a, kBits);
  }
  static Vec HalfUp(Vec a) { return _mm512_avg_epu16(a, _mm512_setzero_si512()); }
  static Vec Magnitude(Vec a) { return _mm512_abs_epi16(a); }
  static Vec MinusMagnitude(Vec a) { return Min(a, Sub(_mm512_setzero_si512(), a)); }

  /// value x factor where this bit of `bits` is set.
  template <int kBit>
  static Vec MulRoundWhereBit(Vec bits, Vec value, int factor) {
    const __mmask32 set = _mm512_test_epi16_mask(bits, Set(1 << kBit));
    return _mm512_mask_mulhrs_epi16(value, set, value, Set(factor));
  }
  static Vec ZeroWhereLess(Vec a, int16_t limit, Vec value) {
    return _mm512_maskz_mov_epi16(_mm512_cmpge_epi16_mask(a, Set(limit)), value);
  }
  /// upper where a > 0, 1 - upper where a < 0, a half where a = 0.
  static Vec FoldLogistic(Vec a, Vec upper) {
    const __mmask32 negative = _mm512_movepi16_mask(a);
    const Vec folded = _mm512_mask_sub_epi16(upper, negative, Set(32767), upper);
    return _mm512_mask_mov_epi16(folded, _mm512_testn_epi16_mask(a, a), Set(16384));
  }
  /// value with the sign of a; 0 where a = 0.
  static Vec SignOf(Vec a, Vec value) {
    const Vec some = _mm512_maskz_mov_epi16(_mm512_test_epi16_mask(a, a), value);
    return _mm512_mask_sub_epi16(some, _mm512_movepi16_mask(a), _mm512_setzero_si512(), some);
  }
  /// value - 1 where a = `equal` and `sign` is negative.
  static Vec SubOneWhere(Vec value, Vec a, int16_t equal, Vec sign) {
    const __mmask32 where = _mm512_mask_cmpeq_epi16_mask(_mm512_movepi16_mask(sign), a, Set(equal));
    return _mm512_mask_sub_epi16(value, where, value, Set(1));
  }
  /// Bits `from`.. (14..20) of the 32-bit product of high and low half, where 16 bits hold them.
  static Vec ProductBits(Vec high, Vec low, int from) {
    const Vec up = _mm512_sll_epi16(high, _mm_cvtsi32_si128(from < 16 ? 16 - from : 0));
    const Vec down = _mm512_srl_epi16(up, _mm_cvtsi32_si128(from < 16 ? 0 : from - 16));
    return _mm512_or_si512(down, _mm512_srl_epi16(low, _mm_cvtsi32_si128(from)));
  }

  static Vec Join(__m256i a, __m256i b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
  }
  static __m256i Load16(const int16_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Vec Load(const int16_t* a, const int16_t* b) { return Join(Load16(a), Load16(b)); }
  static void Store(int16_t* a, int16_t* b, Vec value) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(a), _mm512_castsi512_si256(value));
    _mm256_store_si256(reinterpret_cast<__m256i*>(b), _mm512_extracti64x4_epi64(value, 1));
  }

  /// nn::Scale: rounding doubling high product, then halves away from zero.
  template <bool kNarrow>
  static __m512i Apply(__m512i x, const Rescale& by) {
    if constexpr (kNarrow) return ApplyNarrow(x, by);
    const __m512i mantissa = _mm512_set1_epi32(by.mantissa);
    const __m512i half = _mm512_set1_epi64(1 << 30);
    x = _mm512_sll_epi32(x, _mm_cvtsi32_si128(by.left));
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, mantissa), half);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), mantissa), half);
    x = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 31), 0xAAAA, _mm512_slli_epi64(odd, 1));
    const __m512i mask = _mm512_set1_epi32(static_cast<int32_t>((int64_t{1} << by.right) - 1));
    const __m512i threshold =
        _mm512_add_epi32(_mm512_srli_epi32(mask, 1), _mm512_srli_epi32(x, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), threshold);
    x = _mm512_sra_epi32(x, _mm_cvtsi32_si128(by.right));
    return _mm512_mask_sub_epi32(x, up, x, _mm512_set1_epi32(-1));
  }
  // With twice the value the product's upper half is the result, and no sum here overflows.
  static __m512i ApplyNarrow(__m512i x, const Rescale& by) {
    const __m512i mantissa = _mm512_set1_epi32(by.mantissa);
    const __m512i half = _mm512_set1_epi64(int64_t{1} << 31);
    x = _mm512_sll_epi32(x, _mm_cvtsi32_si128(by.left + 1));
    const __m512i odd_x = _mm512_shuffle_epi32(x, _MM_PERM_DDBB);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, mantissa), half);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(odd_x, mantissa), half);
    x = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    const __mmask16 negative = _mm512_movepi32_mask(x);
    x = _mm512_add_epi32(x, _mm512_set1_epi32(by.half));
    x = _mm512_mask_add_epi32(x, negative, x, _mm512_set1_epi32(by.away));
    return _mm512_sra_epi32(x, _mm_cvtsi32_si128(by.right));
  }
  template <bool kNarrow>
  static void StoreSaturated(int16_t* out, const int32_t* sums, const Rescale& by) {
    const __m512i scaled = Apply<kNarrow>(_mm512_load_si512(sums), by);
    _mm256_store_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtsepi32_epi16(scaled));
  }
  template <bool kNarrow>
  static __m256i RescaleAndAddRow(const int32_t* sums, const int16_t* addend, const Rescale& by) {
    const __m512i scaled = Apply<kNarrow>(_mm512_load_si512(sums), by);
    return _mm512_cvtsepi32_epi16(_mm512_add_epi32(scaled, _mm512_cvtepi16_epi32(Load16(addend))));
  }
  template <bool kNarrow>
  static Vec RescaleAndAdd(const int32_t* sums_a, const int32_t* sums_b, const int16_t* addend_a,
                           const int16_t* addend_b, const Rescale& by) {
    return Join(RescaleAndAddRow<kNarrow>(sums_a, addend_a, by),
                RescaleAndAddRow<kNarrow>(sums_b, addend_b, by));
  }

  template <bool kNarrow>
  static void StoreHidden(const CellPlan& plan, const Row& a, const Row& b, Vec output,
                          Vec squashed) {
    StoreHiddenRow<kNarrow>(plan, a, _mm512_castsi512_si256(output),
                            _mm512_castsi512_si256(squashed));
    StoreHiddenRow<kNarrow>(plan, b, _mm512_extracti64x4_epi64(output, 1),
                            _mm512_extracti64x4_epi64(squashed, 1));
  }
  template <bool kNarrow>
  static void StoreHiddenRow(const CellPlan& plan, const Row& row, __m256i output,
                             __m256i squashed) {
    // The output gate is never negative, so its upper half is zero and adds nothing.
    const __m512i product =
        _mm512_madd_epi16(_mm512_cvtepu16_epi32(output), _mm512_cvtepi16_epi32(squashed));
    const __m512i h = _mm512_add_epi32(Apply<kNarrow>(product, plan.hidden),
                                       _mm512_set1_epi32(plan.hidden_zero_point));
    const __m128i bytes = _mm512_cvtsepi32_epi8(h);
    const auto units = static_cast<__mmask16>((1U << row.units) - 1);
    _mm_mask_storeu_epi8(row.out, units, bytes);
    const __m128i encoded = _mm_xor_si128(bytes, _mm_set1_epi8(-128));
    if (row.h_stride == 4) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(row.h), encoded);
      return;
    }
    StoreWord(row.h, _mm_extract_epi32(encoded, 0));
    StoreWord(row.h + row.h_stride, _mm_extract_epi32(encoded, 1));
    StoreWord(row.h + 2 * row.h_stride, _mm_extract_epi32(encoded, 2));
    StoreWord(row.h + 3 * row.h_stride, _mm_extract_epi32(encoded, 3));
  }
  static void StoreWord(std::byte* to, int word) { __builtin_memcpy(to, &word, sizeof word); }
};

}  // namespace
}  // namespace millwright::nn::avx512vnni
