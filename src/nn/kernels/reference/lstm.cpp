#include "nn/kernels/reference/lstm.h"

#include <algorithm>
#include <array>
#include <span>

#include "nn/kernels/reference/dot.h"
#include "nn/kernels/reference/gates.h"

namespace millwright::nn::reference {
namespace {

int32_t WrappingAdd(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

void GatePreActivation(const LstmWeights& w, const LstmGate& gate, const int8_t* x, const int8_t* h,
                       int32_t* sums, std::span<int16_t> out) {
  MatrixVector(gate.input_weights, gate.input_bias.data(), x, w.units, w.inputs, sums);
  for (size_t u = 0; u < w.units; ++u) out[u] = Saturate16(Scale(sums[u], gate.input_scale));
  MatrixVector(gate.recurrent_weights, gate.recurrent_bias.data(), h, w.units, w.units, sums);
  for (size_t u = 0; u < w.units; ++u) {
    out[u] = Saturate16(WrappingAdd(Scale(sums[u], gate.recurrent_scale), out[u]));
  }
}

void UpdateCell(const LstmWeights& w, const int16_t* input, const int16_t* forget,
                const int16_t* cell, int16_t* c) {
  const int shift = 30 + w.cell_scale_log2;
  for (size_t u = 0; u < w.units; ++u) {
    const int32_t kept = RoundingShiftRight(int32_t{forget[u]} * c[u], 15);
    const int32_t added = RoundingShiftRight(int32_t{input[u]} * cell[u], shift);
    c[u] = Saturate16(kept + added);
  }
  if (w.cell_clip > 0) {
    const auto low = static_cast<int16_t>(-w.cell_clip);
    for (size_t u = 0; u < w.units; ++u) c[u] = std::clamp(c[u], low, w.cell_clip);
  }
}

}  // namespace

void LstmStep(const LstmWeights& w, const int8_t* x, int8_t* h, int16_t* c, std::byte* scratch) {
  auto* sums = reinterpret_cast<int32_t*>(scratch);
  auto* gates = reinterpret_cast<int16_t*>(scratch + w.units * sizeof(int32_t));
  std::array<std::span<int16_t>, kGates> gate;
  for (size_t g = 0; g < kGates; ++g) {
    gate[g] = {gates + g * w.units, w.units};
    GatePreActivation(w, w.gates[g], x, h, sums, gate[g]);
    if (g == kCellGate) {
      ApplyTanh(3, gate[g], gate[g]);
    } else {
      ApplyLogistic(gate[g]);
    }
  }
  UpdateCell(w, gate[kInputGate].data(), gate[kForgetGate].data(), gate[kCellGate].data(), c);
  const std::span<int16_t> squashed = gate[kCellGate];  // free by now
  ApplyTanh(15 + w.cell_scale_log2, {c, w.units}, squashed);
  for (size_t u = 0; u < w.units; ++u) {
    const int32_t product = int32_t{gate[kOutputGate][u]} * squashed[u];
    h[u] = Saturate8(WrappingAdd(Scale(product, w.hidden_scale), w.hidden_zero_point));
  }
}

}  // namespace millwright::nn::reference
