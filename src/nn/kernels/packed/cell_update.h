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
    for (size_t i = 0; i < columns; ++i) {
      for (size_t g = 0; g < kGateCount; ++g, sums += kBlockUnits, out += kBlockUnits)
        Isa::StoreSaturated(out, sums, plan.input[g]);
    }
  }

  static void Update(const CellPlan& plan, const Row* rows, size_t count) {
    switch (plan.cell_bits) {
      case 0:
        return UpdateRows<0>(plan, rows, count);
      case 1:
        return UpdateRows<1>(plan, rows, count);
      case 2:
        return UpdateRows<2>(plan, rows, count);
      case 3:
        return UpdateRows<3>(plan, rows, count);
      case 4:
        return UpdateRows<4>(plan, rows, count);
      case 5:
        return UpdateRows<5>(plan, rows, count);
      default:
        return UpdateRows<6>(plan, rows, count);
    }
  }

 private:
  template <int kCellBits>
  static void UpdateRows(const CellPlan& plan, const Row* rows, size_t count) {
    for (size_t i = 0; i < count; i += Isa::kRows) {
      const size_t left = count - i;
      // A vector that is not full computes its last row twice and stores the same twice.
      UpdateVector<kCellBits>(plan, rows[i], rows[left > 1 && Isa::kRows > 1 ? i + 1 : i]);
    }
  }

  template <int kCellBits>
  static void UpdateVector(const CellPlan& plan, const Row& a, const Row& b) {
    const Vec input = Exp::Logistic(Gate(plan, a, b, 0));
    const Vec forget = Exp::Logistic(Gate(plan, a, b, 1));
    const Vec cell = Exp::template Tanh<3>(Gate(plan, a, b, 2));
    const Vec output = Exp::Logistic(Gate(plan, a, b, 3));
    const Vec c = NewCell(plan, Isa::Load(a.c, b.c), input, forget, cell);
    Isa::Store(a.c, b.c, c);
    Isa::StoreHidden(plan, a, b, output, Exp::template Tanh<kCellBits>(c));
  }

  static Vec Gate(const CellPlan& plan, const Row& a, const Row& b, size_t gate) {
    const size_t at = gate * kBlockUnits;
    return Isa::RescaleAndAdd(a.sums + at, b.sums + at, a.inputs + at, b.inputs + at,
                              plan.recurrent[gate]);
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
