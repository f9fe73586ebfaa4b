// ARMv8.0. A register holds 4 units x 2 columns in each half, so that SMULL and SMLAL2 add one
// unit's products in two neighbouring 16-bit lanes and SADALP leaves one unit per 32-bit lane: no
// sums across a register. The vector is stored with each pair of columns four times over.
//
// In assembly: GCC 12 spends a tenth more instructions on the same loop, on copies of accumulators.
#include <arm_neon.h>

#include <algorithm>
#include <cstring>

#include "nn/kernels/neon/products.h"

namespace millwright::nn::neon {
namespace {

constexpr size_t kColumns = 8;       // of one turn of the loops
constexpr size_t kVectorBytes = 32;  // of one vector in one turn

// Adds the products of two weight registers and the vector's (x for columns 0-3, y for 4-7) to an
// accumulator; t is free. "u", "v": the registers' numbers.
#define MW_DEPTH_ONE(acc, u, v, x, y, t) \
  "smull  v" t ".8h, v" u ".8b, v" x     \
  ".8b\n"                                \
  "sadalp v" acc ".4s, v" t              \
  ".8h\n"                                \
  "smull2 v" t ".8h, v" u ".16b, v" x    \
  ".16b\n"                               \
  "sadalp v" acc ".4s, v" t              \
  ".8h\n"                                \
  "smull  v" t ".8h, v" v ".8b, v" y     \
  ".8b\n"                                \
  "sadalp v" acc ".4s, v" t              \
  ".8h\n"                                \
  "smull2 v" t ".8h, v" v ".16b, v" y    \
  ".16b\n"                               \
  "sadalp v" acc ".4s, v" t ".8h\n"

#define MW_DEPTH_TWO(acc, u, v, x, y, t) \
  "smull  v" t ".8h, v" u ".8b, v" x     \
  ".8b\n"                                \
  "smlal2 v" t ".8h, v" u ".16b, v" x    \
  ".16b\n"                               \
  "sadalp v" acc ".4s, v" t              \
  ".8h\n"                                \
  "smull  v" t ".8h, v" v ".8b, v" y     \
  ".8b\n"                                \
  "smlal2 v" t ".8h, v" v ".16b, v" y    \
  ".16b\n"                               \
  "sadalp v" acc ".4s, v" t ".8h\n"

#define MW_DEPTH_FOUR(acc, u, v, x, y, t) \
  "smull  v" t ".8h, v" u ".8b, v" x      \
  ".8b\n"                                 \
  "smlal2 v" t ".8h, v" u ".16b, v" x     \
  ".16b\n"                                \
  "smlal  v" t ".8h, v" v ".8b, v" y      \
  ".8b\n"                                 \
  "smlal2 v" t ".8h, v" v ".16b, v" y     \
  ".16b\n"                                \
  "sadalp v" acc ".4s, v" t ".8h\n"

// One vector: 8 accumulators (16-23), one for each 4 units of each gate.
#define MW_MULTIPLY_ONE(name, DEPTH)                                                            \
  void name(const int8_t* weights, const int8_t* vector, size_t columns, const int32_t* start,  \
            int32_t* sums) {                                                                    \
    asm volatile(                                                                             \
        "ldp q16, q17, [%[start]]\n"                                                          \
        "ldp q18, q19, [%[start], #32]\n"                                                     \
        "ldp q20, q21, [%[start], #64]\n"                                                     \
        "ldp q22, q23, [%[start], #96]\n"                                                     \
        ".p2align 4\n"                                                                        \
        "1:\n"                                                                                \
        "ldp q0, q1, [%[vector]], #32\n"                                                      \
        "ldp q4, q5, [%[weights], #128]\n"                                                    \
        "ldp q2, q3, [%[weights]], #256\n"                                                    \
        DEPTH("16", "2", "4", "0", "1", "24")                                                 \
        DEPTH("17", "3", "5", "0", "1", "25")                                                 \
        "ldp q6, q7, [%[weights], #-224]\n"                                                   \
        "ldp q4, q5, [%[weights], #-96]\n"                                                    \
        DEPTH("18", "6", "4", "0", "1", "26")                                                 \
        DEPTH("19", "7", "5", "0", "1", "27")                                                 \
        "ldp q2, q3, [%[weights], #-192]\n"                                                   \
        "ldp q4, q5, [%[weights], #-64]\n"                                                    \
        DEPTH("20", "2", "4", "0", "1", "28")                                                 \
        DEPTH("21", "3", "5", "0", "1", "29")                                                 \
        "ldp q6, q7, [%[weights], #-160]\n"                                                   \
        "ldp q4, q5, [%[weights], #-32]\n"                                                    \
        DEPTH("22", "6", "4", "0", "1", "30")                                                 \
        DEPTH("23", "7", "5", "0", "1", "31")                                                 \
        "subs %[columns], %[columns], #8\n"                                                   \
        "b.ne 1b\n"                                                                           \
        "stp q16, q17, [%[sums]]\n"                                                           \
        "stp q18, q19, [%[sums], #32]\n"                                                      \
        "stp q20, q21, [%[sums], #64]\n"                                                      \
        "stp q22, q23, [%[sums], #96]\n"                                                      \
        : [weights] "+r"(weights), [vector] "+r"(vector), [columns] "+r"(columns)             \
        : [start] "r"(start), [sums] "r"(sums)                                                \
        : "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", \
          "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",  \
          "v31"); \
  }

// A bundle: 16 accumulators (16-31), 4 for each vector. Each weight register serves all four.
#define MW_ONE_OF_FOUR(DEPTH, a, b, c, d, x, y)                            \
  "ldp q" x ", q" y ", [%[vectors]], #32\n" DEPTH(a, "0", "4", x, y, "12") \
      DEPTH(b, "1", "5", x, y, "13") DEPTH(c, "2", "6", x, y, "14") DEPTH(d, "3", "7", x, y, "15")

#define MW_MULTIPLY_FOUR(name, DEPTH)                                                           \
  void name(const int8_t* weights, const int8_t* vectors, size_t columns, const int32_t* start, \
            size_t start_stride, int32_t* sums) {                                               \
    start_stride *= sizeof(int32_t);                                                            \
    asm volatile(                                                                             \
        "ldp q16, q17, [%[start]]\n"                                                          \
        "ldp q18, q19, [%[start], #32]\n"                                                     \
        "add %[start], %[start], %[stride]\n"                                                 \
        "ldp q20, q21, [%[start]]\n"                                                          \
        "ldp q22, q23, [%[start], #32]\n"                                                     \
        "add %[start], %[start], %[stride]\n"                                                 \
        "ldp q24, q25, [%[start]]\n"                                                          \
        "ldp q26, q27, [%[start], #32]\n"                                                     \
        "add %[start], %[start], %[stride]\n"                                                 \
        "ldp q28, q29, [%[start]]\n"                                                          \
        "ldp q30, q31, [%[start], #32]\n"                                                     \
        ".p2align 4\n"                                                                        \
        "1:\n"                                                                                \
        "ldp q4, q5, [%[weights], #128]\n"                                                    \
        "ldp q6, q7, [%[weights], #160]\n"                                                    \
        "ldp q2, q3, [%[weights], #32]\n"                                                     \
        "ldp q0, q1, [%[weights]], #256\n"                                                    \
        MW_ONE_OF_FOUR(DEPTH, "16", "17", "18", "19", "8", "9")                               \
        MW_ONE_OF_FOUR(DEPTH, "20", "21", "22", "23", "10", "11")                             \
        MW_ONE_OF_FOUR(DEPTH, "24", "25", "26", "27", "8", "9")                               \
        MW_ONE_OF_FOUR(DEPTH, "28", "29", "30", "31", "10", "11")                             \
        "subs %[columns], %[columns], #8\n"                                                   \
        "b.ne 1b\n"                                                                           \
        "stp q16, q17, [%[sums]]\n"                                                           \
        "stp q18, q19, [%[sums], #32]\n"                                                      \
        "stp q20, q21, [%[sums], #128]\n"                                                     \
        "stp q22, q23, [%[sums], #160]\n"                                                     \
        "stp q24, q25, [%[sums], #256]\n"                                                     \
        "stp q26, q27, [%[sums], #288]\n"                                                     \
        "stp q28, q29, [%[sums], #384]\n"                                                     \
        "stp q30, q31, [%[sums], #416]\n"                                                     \
        : [weights] "+r"(weights), [vectors] "+r"(vectors), [columns] "+r"(columns),          \
          [start] "+r"(start)                                                                 \
        : [stride] "r"(start_stride), [sums] "r"(sums)                                        \
        : "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",   \
          "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22",  \
          "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"); \
  }

MW_MULTIPLY_ONE(MultiplyOneDepthOne, MW_DEPTH_ONE)
MW_MULTIPLY_ONE(MultiplyOneDepthTwo, MW_DEPTH_TWO)
MW_MULTIPLY_ONE(MultiplyOneDepthFour, MW_DEPTH_FOUR)
MW_MULTIPLY_FOUR(MultiplyFourDepthOne, MW_DEPTH_ONE)
MW_MULTIPLY_FOUR(MultiplyFourDepthTwo, MW_DEPTH_TWO)
MW_MULTIPLY_FOUR(MultiplyFourDepthFour, MW_DEPTH_FOUR)

void Pack(const int8_t in[4][4], int8_t out[16]) {
  for (size_t unit = 0; unit < 4; ++unit) {
    for (size_t column = 0; column < 4; ++column)
      out[column / 2 * 8 + unit * 2 + column % 2] = in[unit][column];
  }
}

void Spread(const int8_t* values, size_t first, size_t count, size_t bundle, size_t v,
            int8_t* out) {
  // Columns 0 1 0 1 0 1 0 1 2 3 2 3 2 3 2 3, then the same of 4-7.
  static constexpr uint8_t kLow[16] = {0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3};
  const uint8x16_t low = vld1q_u8(kLow);
  const uint8x16_t high = vaddq_u8(low, vdupq_n_u8(4));
  out += (first / kColumns * bundle + v) * kVectorBytes;
  const auto put = [&](int8x8_t eight) {
    const int8x16_t table = vcombine_s8(eight, eight);
    vst1q_s8(out, vqtbl1q_s8(table, low));
    vst1q_s8(out + 16, vqtbl1q_s8(table, high));
    out += bundle * kVectorBytes;
  };
  for (; count >= kColumns; count -= kColumns, values += kColumns) put(vld1_s8(values));
  if (count == 0) return;
  int8_t rest[kColumns] = {};
  std::copy_n(values, count, rest);
  put(vld1_s8(rest));
}

}  // namespace

const Products kWidening{
    .columns_multiple = kColumns,
    .vector_bytes = kVectorBytes,
    .depth_matters = true,
    .one = {MultiplyOneDepthOne, MultiplyOneDepthTwo, MultiplyOneDepthFour},
    .four = {MultiplyFourDepthOne, MultiplyFourDepthTwo, MultiplyFourDepthFour},
    .pack = Pack,
    .spread = Spread,
};

}  // namespace millwright::nn::neon
