#include "nn/kernels/reference/lstm.h"

#include <algorithm>
#include <array>
#include <span>

#include "nn/kernels/reference/dot.h"
#include "nn/kernels/reference/gates.h"
#include "nn/kernels/reference/layer_norm.h"

namespace millwright::nn::reference {
namespace {

int32_t WrappingAdd(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

// Scale, but halves of the last shift go up: ARM's rounding shift.
int32_t ScaleHalvesUp(int32_t x, Multiplier by) {
  if (by.shift >= 0) return Scale(x, by);
  const int64_t half = int64_t{1} << (-by.shift - 1);
  return static_cast<int32_t>((MulHigh32(x, by.mantissa) + half) >> -by.shift);
}

// What a step works in; all of it lies in the caller's scratch memory.
struct Scratch {
  int32_t* sums = nullptr;
  std::array<std::span<int16_t>, kGates> gates;
  int8_t* hidden = nullptr;  // before projection

  Scratch(const LstmWeights& w, std::byte* memory) : sums(reinterpret_cast<int32_t*>(memory)) {
    auto* next = reinterpret_cast<int16_t*>(sums + std::max(w.units, w.outputs()));
    for (std::span<int16_t>& gate : gates) {
      gate = {next, w.units};
      next += w.units;
    }
    hidden = reinterpret_cast<int8_t*>(next);
  }
};

struct State {
  const int8_t* x = nullptr;
  int8_t* h = nullptr;
  int16_t* c = nullptr;
};

void ComputeGate(const LstmWeights& w, size_t index, const State& state, Scratch& scratch) {
  const LstmGate& gate = w.gates[index];
  const std::span<int16_t> out = scratch.gates[index];
  int32_t* sums = scratch.sums;
  MatrixVector(gate.input_weights, gate.input_bias.data(), state.x, w.units, w.inputs, sums);
  for (size_t u = 0; u < w.units; ++u) out[u] = Saturate16(Scale(sums[u], gate.input_scale));
  MatrixVector(gate.recurrent_weights, gate.recurrent_bias.data(), state.h, w.units, w.outputs(),
               sums);
  for (size_t u = 0; u < w.units; ++u)
    out[u] = Saturate16(WrappingAdd(Scale(sums[u], gate.recurrent_scale), out[u]));
  for (size_t u = 0; u < gate.peephole.size(); ++u) {
    const int32_t product = int32_t{gate.peephole[u].weight} * state.c[u];
    const int32_t scaled = gate.peephole[u].rounds_up ? ScaleHalvesUp(product, gate.peephole_scale)
                                                      : Scale(product, gate.peephole_scale);
    out[u] = Saturate16(WrappingAdd(scaled, out[u]));
  }
  if (gate.norm.coefficients != nullptr) ApplyLayerNorm(gate.norm, out);
  if (index == kCellGate) {
    ApplyTanh(3, out, out);
  } else {
    ApplyLogistic(out);
  }
}

void UpdateCell(const LstmWeights& w, const Scratch& scratch, int16_t* c) {
  const std::span<const int16_t> forget = scratch.gates[kForgetGate];
  const std::span<const int16_t> cell = scratch.gates[kCellGate];
  const int shift = 30 + w.cell_scale_log2;
  for (size_t u = 0; u < w.units; ++u) {
    const int32_t input = w.couples_input_gate ? 32767 - forget[u] : scratch.gates[kInputGate][u];
    const int32_t kept = RoundingShiftRight(int32_t{forget[u]} * c[u], 15);
    const int32_t added = RoundingShiftRight(input * cell[u], shift);
    c[u] = Saturate16(kept + added);
  }
  if (w.cell_clip > 0) {
    const auto low = static_cast<int16_t>(-w.cell_clip);
    for (size_t u = 0; u < w.units; ++u) c[u] = std::clamp(c[u], low, w.cell_clip);
  }
}

// out = output gate x squashed cell, on the hidden state's scale.
void ComputeHidden(const LstmWeights& w, const Scratch& scratch, const int16_t* squashed,
                   int32_t zero_point, int8_t* out) {
  const std::span<const int16_t> gate = scratch.gates[kOutputGate];
  for (size_t u = 0; u < w.units; ++u) {
    const int32_t product = int32_t{gate[u]} * squashed[u];
    out[u] = Saturate8(WrappingAdd(Scale(product, w.hidden_scale), zero_point));
  }
}

void Project(const LstmProjection& p, size_t units, Scratch& scratch, int8_t* h) {
  MatrixVector(p.weights, p.bias.data(), scratch.hidden, p.outputs, units, scratch.sums);
  for (size_t i = 0; i < p.outputs; ++i)
    h[i] = Saturate8(WrappingAdd(Scale(scratch.sums[i], p.scale), p.output_zero_point));
  if (p.clip <= 0) return;
  const auto low = static_cast<int8_t>(-p.clip);
  for (size_t i = 0; i < p.outputs; ++i) h[i] = std::clamp(h[i], low, p.clip);
}

}  // namespace

void LstmStep(const LstmWeights& w, const int8_t* x, int8_t* h, int16_t* c, std::byte* memory) {
  Scratch scratch(w, memory);
  const State state{x, h, c};
  if (!w.couples_input_gate) ComputeGate(w, kInputGate, state, scratch);
  ComputeGate(w, kForgetGate, state, scratch);
  ComputeGate(w, kCellGate, state, scratch);
  UpdateCell(w, scratch, c);
  ComputeGate(w, kOutputGate, state, scratch);  // its peephole looks at the new cell
  const std::span<int16_t> squashed = scratch.gates[kCellGate];  // free by now
  ApplyTanh(15 + w.cell_scale_log2, {c, w.units}, squashed);
  if (w.projection.weights == nullptr)
    return ComputeHidden(w, scratch, squashed.data(), w.hidden_zero_point, h);
  // The peer stores the unprojected value minus the zero point; the folded bias knows.
  ComputeHidden(w, scratch, squashed.data(), -w.hidden_zero_point, scratch.hidden);
  Project(w.projection, w.units, scratch, h);
}

}  // namespace millwright::nn::reference
