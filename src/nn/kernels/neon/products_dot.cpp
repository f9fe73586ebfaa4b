// ARMv8.2 with the dot-product extension. SDOT adds four columns of one unit in each 32-bit lane
// and takes the vector's four from any quarter of a register: vectors lie as they are.
#include <arm_neon.h>

#include <algorithm>

#include "nn/kernels/neon/products.h"

namespace millwright::nn::neon {
namespace {

constexpr size_t kColumns = 16;      // of one turn of the loops
constexpr size_t kVectorBytes = 16;  // of one vector in one turn

// Eight weight registers against four columns (quarter `n` of register 0).
#define MW_FOUR_COLUMNS(n)             \
  "ldp q2, q3, [%[weights], #32]\n"    \
  "ldp q4, q5, [%[weights], #64]\n"    \
  "ldp q6, q7, [%[weights], #96]\n"    \
  "ldp q24, q25, [%[weights]], #128\n" \
  "sdot v18.4s, v2.16b, v0.4b[" n      \
  "]\n"                                \
  "sdot v19.4s, v3.16b, v0.4b[" n      \
  "]\n"                                \
  "sdot v20.4s, v4.16b, v0.4b[" n      \
  "]\n"                                \
  "sdot v21.4s, v5.16b, v0.4b[" n      \
  "]\n"                                \
  "sdot v22.4s, v6.16b, v0.4b[" n      \
  "]\n"                                \
  "sdot v23.4s, v7.16b, v0.4b[" n      \
  "]\n"                                \
  "sdot v16.4s, v24.16b, v0.4b[" n     \
  "]\n"                                \
  "sdot v17.4s, v25.16b, v0.4b[" n "]\n"

void One(const int8_t* weights, const int8_t* vector, size_t columns, const int32_t* start,
         int32_t* sums) {
  asm volatile(
      ".arch armv8.2-a+dotprod\n"
      "ldp q16, q17, [%[start]]\n"
      "ldp q18, q19, [%[start], #32]\n"
      "ldp q20, q21, [%[start], #64]\n"
      "ldp q22, q23, [%[start], #96]\n"
      ".p2align 4\n"
      "1:\n"
      "ldr q0, [%[vector]], #16\n"
      MW_FOUR_COLUMNS("0") MW_FOUR_COLUMNS("1") MW_FOUR_COLUMNS("2") MW_FOUR_COLUMNS("3")
      "subs %[columns], %[columns], #16\n"
      "b.ne 1b\n"
      "stp q16, q17, [%[sums]]\n"
      "stp q18, q19, [%[sums], #32]\n"
      "stp q20, q21, [%[sums], #64]\n"
      "stp q22, q23, [%[sums], #96]\n"
      : [weights] "+r"(weights), [vector] "+r"(vector), [columns] "+r"(columns)
      : [start] "r"(start), [sums] "r"(sums)
      : "cc", "memory", "v0", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
        "v20", "v21", "v22", "v23", "v24", "v25");
}

// Four weight registers against four columns of four vectors (registers 0-3).
#define MW_VECTOR(a, b, c, d, x, n)      \
  "sdot v" a ".4s, v4.16b, v" x ".4b[" n \
  "]\n"                                  \
  "sdot v" b ".4s, v5.16b, v" x ".4b[" n \
  "]\n"                                  \
  "sdot v" c ".4s, v6.16b, v" x ".4b[" n \
  "]\n"                                  \
  "sdot v" d ".4s, v7.16b, v" x ".4b[" n "]\n"
#define MW_FOUR_COLUMNS_OF_FOUR(n)                                                        \
  "ldp q6, q7, [%[weights], #32]\n"                                                       \
  "ldp q4, q5, [%[weights]], #128\n" MW_VECTOR("16", "17", "18", "19", "0", n)            \
      MW_VECTOR("20", "21", "22", "23", "1", n) MW_VECTOR("24", "25", "26", "27", "2", n) \
          MW_VECTOR("28", "29", "30", "31", "3", n)

void Four(const int8_t* weights, const int8_t* vectors, size_t columns, const int32_t* start,
          size_t start_stride, int32_t* sums) {
  start_stride *= sizeof(int32_t);
  asm volatile(
      ".arch armv8.2-a+dotprod\n"
      "ldp q16, q17, [%[start]]\n"
      "ldp q18, q19, [%[start], #32]\n"
      "add %[start], %[start], %[stride]\n"
      "ldp q20, q21, [%[start]]\n"
      "ldp q22, q23, [%[start], #32]\n"
      "add %[start], %[start], %[stride]\n"
      "ldp q24, q25, [%[start]]\n"
      "ldp q26, q27, [%[start], #32]\n"
      "add %[start], %[start], %[stride]\n"
      "ldp q28, q29, [%[start]]\n"
      "ldp q30, q31, [%[start], #32]\n"
      ".p2align 4\n"
      "1:\n"
      "ldp q2, q3, [%[vectors], #32]\n"
      "ldp q0, q1, [%[vectors]], #64\n"
      MW_FOUR_COLUMNS_OF_FOUR("0") MW_FOUR_COLUMNS_OF_FOUR("1")
      MW_FOUR_COLUMNS_OF_FOUR("2") MW_FOUR_COLUMNS_OF_FOUR("3")
      "subs %[columns], %[columns], #16\n"
      "b.ne 1b\n"
      "stp q16, q17, [%[sums]]\n"
      "stp q18, q19, [%[sums], #32]\n"
      "stp q20, q21, [%[sums], #128]\n"
      "stp q22, q23, [%[sums], #160]\n"
      "stp q24, q25, [%[sums], #256]\n"
      "stp q26, q27, [%[sums], #288]\n"
      "stp q28, q29, [%[sums], #384]\n"
      "stp q30, q31, [%[sums], #416]\n"
      : [weights] "+r"(weights), [vectors] "+r"(vectors), [columns] "+r"(columns),
        [start] "+r"(start)
      : [stride] "r"(start_stride), [sums] "r"(sums)
      : "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
        "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

void Pack(const int8_t in[4][4], int8_t out[16]) { std::copy_n(&in[0][0], 16, out); }

void Spread(const int8_t* values, size_t first, size_t count, size_t bundle, size_t v,
            int8_t* out) {
  for (size_t at = 0; at < count; at += 8) {
    const size_t column = first + at;
    int8_t* to = out + (column / kColumns * bundle + v) * kVectorBytes + column % kColumns;
    const size_t now = std::min<size_t>(count - at, 8);
    std::copy_n(values + at, now, to);
    std::fill(to + now, to + 8, int8_t{0});
  }
}

}  // namespace

const Products kDotProduct{
    .columns_multiple = kColumns,
    .vector_bytes = kVectorBytes,
    .depth_matters = false,
    .one = {One, One, One},
    .four = {Four, Four, Four},
    .pack = Pack,
    .spread = Spread,
};

}  // namespace millwright::nn::neon
