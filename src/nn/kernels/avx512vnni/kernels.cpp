#include "nn/kernels/avx512vnni/kernels.h"

#include "nn/kernels/avx512vnni/isa.h"
#include "nn/kernels/packed/cell_update.h"

namespace millwright::nn::avx512vnni {
namespace {

using packed::kGateCount;
using packed::kGroupBytes;
using packed::kRowSums;

// sums += values (unsigned) x weights (signed), four to a lane. As an instruction of its own:
// around the intrinsic GCC 12 copies accumulators from register to register.
void DotAdd(__m512i& sums, __m512i values, __m512i weights) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(values), "v"(weights));
}
void DotAddMemory(__m512i& sums, __m512i values, const int8_t* weights) {
  asm("vpdpbusd %2, %1, %0"
      : "+v"(sums)
      : "v"(values), "m"(*reinterpret_cast<const __m512i*>(weights)));
}
__m512i Broadcast(const std::byte* four) {
  int32_t word;
  __builtin_memcpy(&word, four, sizeof word);
  return _mm512_set1_epi32(word);
}
__m512i Bias(const int32_t* bias, size_t gate) { return _mm512_load_si512(bias + gate * 16); }

// One column: two sets of sums, so that no product waits for the one before.
void DotOne(const int8_t* weights, size_t groups, const std::byte* values, const int32_t* bias,
            int32_t* sums) {
  __m512i even[kGateCount], odd[kGateCount];
#pragma GCC unroll 8
  for (size_t g = 0; g < kGateCount; ++g) {
    even[g] = Bias(bias, g);
    odd[g] = _mm512_setzero_si512();
  }
  size_t k = 0;
  for (; k + 2 <= groups; k += 2, weights += 2 * kGroupBytes, values += 8) {
    const __m512i first = Broadcast(values), second = Broadcast(values + 4);
#pragma GCC unroll 4
    for (size_t g = 0; g < kGateCount; ++g) DotAddMemory(even[g], first, weights + g * 64);
#pragma GCC unroll 4
    for (size_t g = 0; g < kGateCount; ++g)
      DotAddMemory(odd[g], second, weights + kGroupBytes + g * 64);
  }
  if (k < groups) {
#pragma GCC unroll 8
    for (size_t g = 0; g < kGateCount; ++g)
      DotAddMemory(even[g], Broadcast(values), weights + g * 64);
  }
#pragma GCC unroll 8
  for (size_t g = 0; g < kGateCount; ++g)
    _mm512_store_si512(sums + g * 16, _mm512_add_epi32(even[g], odd[g]));
}

// Several columns, `kGates` gates at a time: their sums, the weights and a value fit 32 registers.
template <size_t kColumns, size_t kGates>
void DotMany(const int8_t* weights, size_t groups, const std::byte* values, const int32_t* bias,
             int32_t* sums) {
  for (size_t first = 0; first < kGateCount; first += kGates) {
    __m512i acc[kColumns][kGates];
#pragma GCC unroll 8
    for (size_t s = 0; s < kColumns; ++s) {
#pragma GCC unroll 8
      for (size_t g = 0; g < kGates; ++g) acc[s][g] = Bias(bias, first + g);
    }
    const int8_t* w = weights + first * 64;
    const std::byte* v = values;
    for (size_t k = 0; k < groups; ++k, w += kGroupBytes, v += 4 * kColumns) {
      __m512i line[kGates];
#pragma GCC unroll 4
      for (size_t g = 0; g < kGates; ++g) line[g] = _mm512_load_si512(w + g * 64);
#pragma GCC unroll 8
      for (size_t s = 0; s < kColumns; ++s) {
        const __m512i value = Broadcast(v + 4 * s);
#pragma GCC unroll 4
        for (size_t g = 0; g < kGates; ++g) DotAdd(acc[s][g], value, line[g]);
      }
    }
#pragma GCC unroll 8
    for (size_t s = 0; s < kColumns; ++s) {
#pragma GCC unroll 8
      for (size_t g = 0; g < kGates; ++g)
        _mm512_store_si512(sums + s * kRowSums + (first + g) * 16, acc[s][g]);
    }
  }
}

void Dot(const int8_t* weights, size_t groups, const std::byte* values, size_t columns,
         const int32_t* bias, int32_t* sums) {
  switch (columns) {
    case 1:
      return DotOne(weights, groups, values, bias, sums);
    case 2:
      return DotMany<2, 4>(weights, groups, values, bias, sums);
    case 3:
      return DotMany<3, 4>(weights, groups, values, bias, sums);
    case 4:
      return DotMany<4, 4>(weights, groups, values, bias, sums);
    case 5:
      return DotMany<5, 4>(weights, groups, values, bias, sums);
    case 6:
      return DotMany<6, 4>(weights, groups, values, bias, sums);
    case 7:
      return DotMany<7, 2>(weights, groups, values, bias, sums);
    default:
      return DotMany<8, 2>(weights, groups, values, bias, sums);
  }
}

void Encode(const int8_t* values, size_t count, size_t stride, std::byte* out) {
  for (size_t k = 0; k < count; k += 4, out += stride) {
    uint32_t word = 0;
    __builtin_memcpy(&word, values + k, count - k < 4 ? count - k : 4);
    word ^= 0x80808080U;
    __builtin_memcpy(out, &word, sizeof word);
  }
}

}  // namespace

constinit const packed::Kernels kKernels{.value_bytes = 4,
                                         .value_offset = 128,
                                         .any_weight = true,
                                         .encode = &Encode,
                                         .dot = &Dot,
                                         .rescale_inputs = &packed::CellUpdate<Isa>::RescaleInputs,
                                         .update = &packed::CellUpdate<Isa>::Update,
                                         .stage_rows = Isa::kRows,
                                         .update_stage = &packed::CellUpdate<Isa>::UpdateStage};

}  // namespace millwright::nn::avx512vnni
