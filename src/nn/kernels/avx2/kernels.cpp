#include "nn/kernels/avx2/kernels.h"

#include "nn/kernels/avx2/isa.h"
#include "nn/kernels/packed/cell_update.h"

namespace millwright::nn::avx2 {
namespace {

using packed::kGateCount;
using packed::kGroupBytes;
using packed::kRowSums;

constexpr size_t kValueBytes = 8;  // four values, then their magnitudes
constexpr size_t kGateBytes = 64;

__m256i Broadcast(const std::byte* four) {
  int32_t word;
  __builtin_memcpy(&word, four, sizeof word);
  return _mm256_set1_epi32(word);
}

/// The values of four k, in each lane.
struct Value {
  explicit Value(const std::byte* at) : signs(Broadcast(at)), magnitudes(Broadcast(at + 4)) {}
  __m256i signs, magnitudes;
};

// |x| * (w with x's sign): the unsigned x signed product of this machine. It saturates at 16 bits
// and never gets there: 2 * 128 * 127 < 2^15.
void DotAdd(__m256i& sums, const Value& value, __m256i weights) {
  const __m256i pairs =
      _mm256_maddubs_epi16(value.magnitudes, _mm256_sign_epi8(weights, value.signs));
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

__m256i LoadWeights(const int8_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

// `kHalves` half gates (8 units each) of `kColumns` columns: their sums fit the 16 registers.
template <size_t kColumns, size_t kHalves>
void DotPart(const int8_t* weights, size_t groups, const std::byte* values, size_t stride,
             const int32_t* bias, int32_t* sums) {
  __m256i acc[kColumns][kHalves];
#pragma GCC unroll 8
  for (size_t s = 0; s < kColumns; ++s) {
#pragma GCC unroll 8
    for (size_t i = 0; i < kHalves; ++i) acc[s][i] = Isa::Load8(bias + 8 * i);
  }
  for (size_t k = 0; k < groups; ++k, weights += kGroupBytes, values += stride) {
    const Value first(values);
    if constexpr (kColumns == 1) {
#pragma GCC unroll 8
      for (size_t i = 0; i < kHalves; ++i) DotAdd(acc[0][i], first, LoadWeights(weights + 32 * i));
    } else {
      const Value second(values + kValueBytes);
#pragma GCC unroll 8
      for (size_t i = 0; i < kHalves; ++i) {
        const __m256i w = LoadWeights(weights + 32 * i);
        DotAdd(acc[0][i], first, w);
        DotAdd(acc[1][i], second, w);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t s = 0; s < kColumns; ++s) {
#pragma GCC unroll 8
    for (size_t i = 0; i < kHalves; ++i)
      _mm256_store_si256(reinterpret_cast<__m256i*>(sums + s * kRowSums + 8 * i), acc[s][i]);
  }
}

void Dot(const int8_t* weights, size_t groups, const std::byte* values, size_t columns,
         const int32_t* bias, int32_t* sums) {
  const size_t stride = columns * kValueBytes;
  for (; columns >= 2; columns -= 2, values += 2 * kValueBytes, sums += 2 * kRowSums) {
    for (size_t g = 0; g < kGateCount; g += 2) {
      DotPart<2, 4>(weights + g * kGateBytes, groups, values, stride, bias + g * 16, sums + g * 16);
    }
  }
  if (columns == 1) DotPart<1, 8>(weights, groups, values, stride, bias, sums);
}

void Encode(const int8_t* values, size_t count, size_t stride, std::byte* out) {
  for (size_t k = 0; k < count; k += 4, out += stride) {
    int32_t word = 0;
    __builtin_memcpy(&word, values + k, count - k < 4 ? count - k : 4);
    const __m128i four = _mm_cvtsi32_si128(word);
    const __m128i both = _mm_unpacklo_epi32(four, _mm_abs_epi8(four));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), both);
  }
}

}  // namespace

constinit const packed::Kernels kKernels{.value_bytes = kValueBytes,
                                         .value_offset = 0,
                                         .any_weight = false,
                                         .encode = &Encode,
                                         .dot = &Dot,
                                         .rescale_inputs = &packed::CellUpdate<Isa>::RescaleInputs,
                                         .update = &packed::CellUpdate<Isa>::Update};

}  // namespace millwright::nn::avx2
