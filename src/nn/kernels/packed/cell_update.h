// From sums to the new state, for any instruction set that provides `Isa`'s primitives; the
// arithmetic of reference/lstm.cpp, bit for bit. A Vec holds Isa::kRows rows of 16 int16, a Wide
// 16-bit values widened to 32; anything that is not obvious about the equality is said here.
#pragma once

#include "nn/kernels/packed/fixed_exp.h"
#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::packed {

template <typename Isa>
struct CellUpdate {
  using Vec = typename Isa::Vec;
  using Exp = FixedExp<Isa>;

  static void RescaleInputs(const CellPlan& plan, const int32_t* sums, size_t columns,
                            int16_t* out) {
    if (plan.narrow) return RescaleColumns<true>(plan, sums, columns, out);
    return RescaleColumns<false>(plan, sums, columns, out);
  }

  static void Update(const CellPlan& plan, const Row* rows, size_t count) {
    if (plan.narrow) return UpdateRows<true>(plan, rows, count);
    return UpdateRows<false>(plan, rows, count);
  }

 private:
  template <bool kNarrow>
  static void RescaleColumns(const CellPlan& plan, const int32_t* sums, size_t columns,
                             int16_t* out) {
    for (size_t i = 0; i < columns; ++i) {
      for (size_t g = 0; g < kGateCount; ++g, sums += kBlockUnits, out += kBlockUnits)
        Isa::template StoreSaturated<kNarrow>(out, sums, plan.input[g]);
    }
  }

  // In two passes: each is a long chain of dependent operations, and the processor overlaps the
  // chains of neighbouring rows.
  template <bool kNarrow>
  static void UpdateRows(const CellPlan& plan, const Row* rows, size_t count) {
    Vec outputs[kColumnsMax];
    for (size_t i = 0; i < count; i += Isa::kRows)
      outputs[i] = UpdateCells<kNarrow>(plan, rows[i], Second(rows, i, count));
    switch (plan.cell_bits) {
      case 0:
        return UpdateHidden<kNarrow, 0>(plan, rows, count, outputs);
      case 1:
        return UpdateHidden<kNarrow, 1>(plan, rows, count, outputs);
      case 2:
        return UpdateHidden<kNarrow, 2>(plan, rows, count, outputs);
      case 3:
        return UpdateHidden<kNarrow, 3>(plan, rows, count, outputs);
      case 4:
        return UpdateHidden<kNarrow, 4>(plan, rows, count, outputs);
      case 5:
        return UpdateHidden<kNarrow, 5>(plan, rows, count, outputs);
      default:
        return UpdateHidden<kNarrow, 6>(plan, rows, count, outputs);
    }
  }

  // A vector that is not full computes its last row twice and stores the same twice.
  static const Row& Second(const Row* rows, size_t i, size_t count) {
    return rows[Isa::kRows > 1 && i + 1 < count ? i + 1 : i];
  }

  /// The new cell state; returns the output gate.
  template <bool kNarrow>
  static Vec UpdateCells(const CellPlan& plan, const Row& a, const Row& b) {
    const Vec input = Exp::Logistic(Gate<kNarrow>(plan, a, b, 0));
    const Vec forget = Exp::Logistic(Gate<kNarrow>(plan, a, b, 1));
    const Vec cell = Exp::template Tanh<3>(Gate<kNarrow>(plan, a, b, 2));
    Isa::Store(a.c, b.c, NewCell(plan, Isa::Load(a.c, b.c), input, forget, cell));
    return Exp::Logistic(Gate<kNarrow>(plan, a, b, 3));
  }

  template <bool kNarrow, int kCellBits>
  static void UpdateHidden(const CellPlan& plan, const Row* rows, size_t count,
                           const Vec* outputs) {
    for (size_t i = 0; i < count; i += Isa::kRows) {
      const Row &a = rows[i], &b = Second(rows, i, count);
      const Vec squashed = Exp::template Tanh<kCellBits>(Isa::Load(a.c, b.c));
      Isa::template StoreHidden<kNarrow>(plan, a, b, outputs[i], squashed);
    }
  }

  template <bool kNarrow>
  static Vec Gate(const CellPlan& plan, const Row& a, const Row& b, size_t gate) {
    const size_t at = gate * kBlockUnits;
    return Isa::template RescaleAndAdd<kNarrow>(a.sums + at, b.sums + at, a.inputs + at,
                                                b.inputs + at, plan.recurrent[gate]);
  }

  // forget x c and input x cell are divided by powers of two, halves away from zero, and added with
  // saturation. Gates lie in [0, 32767], the tanh in [-32767, 32767].
  static Vec NewCell(const CellPlan& plan, Vec c, Vec input, Vec forget, Vec cell) {
    // MulRound takes halves up: one too many where the product is negative and exactly a half.
    const Vec half = Isa::And(Isa::MulLow(forget, c), Isa::Set(0x7FFF));
    const Vec kept =
        Isa::SubOneWhere(Isa::MulRound(forget, c), half, static_cast<int16_t>(0x4000), c);
    // The magnitude's bits from product_shift - 1 up fit 16 bits; rounding halves them up.
    const Vec magnitude = Isa::Magnitude(cell);
    const Vec bits = Isa::ProductBits(Isa::MulHigh(input, magnitude), Isa::MulLow(input, magnitude),
                                      plan.product_shift - 1);
    const Vec added = Isa::SignOf(cell, Isa::HalfUp(bits));
    const Vec sum = Isa::AddSaturating(kept, added);
    return Isa::Min(Isa::Max(sum, Isa::Set(plan.cell_min)), Isa::Set(plan.cell_max));
  }
};

}  // namespace millwright::nn::packed
