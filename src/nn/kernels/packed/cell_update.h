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

  static void UpdateStage(const CellPlan& plan, const Row* rows, size_t count, size_t stage,
                          Carry& carry) {
    auto* gates = reinterpret_cast<Vec*>(carry.gates);
    const Row &a = rows[0], &b = Second(rows, 0, count);
    if (plan.narrow) return Stage<true>(plan, a, b, stage, gates);
    return Stage<false>(plan, a, b, stage, gates);
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
    for (size_t i = 0; i < count; i += Isa::kRows) {
      const Row &a = rows[i], &b = Second(rows, i, count);
      const Vec input = Logistic<kNarrow>(plan, a, b, 0), forget = Logistic<kNarrow>(plan, a, b, 1);
      const Vec cell = Exp::template Tanh<3>(Gate<kNarrow>(plan, a, b, 2));
      UpdateCell(plan, a, b, input, forget, cell);
      outputs[i] = Logistic<kNarrow>(plan, a, b, 3);
    }
    for (size_t i = 0; i < count; i += Isa::kRows)
      UpdateHidden<kNarrow>(plan, rows[i], Second(rows, i, count), outputs[i]);
  }

  template <bool kNarrow>
  static void Stage(const CellPlan& plan, const Row& a, const Row& b, size_t stage, Vec* gates) {
    switch (stage) {
      case 0:
      case 1:
        gates[stage] = Logistic<kNarrow>(plan, a, b, stage);
        return;
      case 2:
        gates[2] = Exp::template Tanh<3>(Gate<kNarrow>(plan, a, b, 2));
        return;
      case 3:
        UpdateCell(plan, a, b, gates[0], gates[1], gates[2]);
        gates[3] = Logistic<kNarrow>(plan, a, b, 3);
        return;
      default:
        UpdateHidden<kNarrow>(plan, a, b, gates[3]);
    }
  }

  // A vector that is not full computes its last row twice and stores the same twice.
  static const Row& Second(const Row* rows, size_t i, size_t count) {
    return rows[Isa::kRows > 1 && i + 1 < count ? i + 1 : i];
  }

  static void UpdateCell(const CellPlan& plan, const Row& a, const Row& b, Vec input, Vec forget,
                         Vec cell) {
    Isa::Store(a.c, b.c, NewCell(plan, Isa::Load(a.c, b.c), input, forget, cell));
  }

  template <bool kNarrow>
  static void UpdateHidden(const CellPlan& plan, const Row& a, const Row& b, Vec output) {
    Isa::template StoreHidden<kNarrow>(plan, a, b, output, SquashCell(plan, Isa::Load(a.c, b.c)));
  }
  static Vec SquashCell(const CellPlan& plan, Vec c) {
    switch (plan.cell_bits) {
      case 0:
        return Exp::template Tanh<0>(c);
      case 1:
        return Exp::template Tanh<1>(c);
      case 2:
        return Exp::template Tanh<2>(c);
      case 3:
        return Exp::template Tanh<3>(c);
      case 4:
        return Exp::template Tanh<4>(c);
      case 5:
        return Exp::template Tanh<5>(c);
      default:
        return Exp::template Tanh<6>(c);
    }
  }

  template <bool kNarrow>
  static Vec Logistic(const CellPlan& plan, const Row& a, const Row& b, size_t gate) {
    return Exp::Logistic(Gate<kNarrow>(plan, a, b, gate));
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
