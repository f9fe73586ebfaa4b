#include "nn/kernels/packed/packed_weights.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace millwright::nn::packed {
namespace {

static_assert(kGates == kGateCount);

Rescale ToRescale(Multiplier by) {
  const int32_t right = std::max(-by.shift, 0);
  return {.mantissa = by.mantissa,
          .left = std::max(by.shift, 0),
          .right = right,
          .half = right > 0 ? int32_t{1} << (right - 1) : 0,
          .away = right > 0 ? -1 : 0};
}

// Whether every sum of these rows, whatever the values, keeps `spare` bits of an int32.
bool Fits(const int8_t* row, const std::vector<int32_t>& bias, size_t columns, int spare) {
  for (const int32_t b : bias) {
    int32_t magnitudes = 0;
    for (size_t k = 0; k < columns; ++k) magnitudes += std::abs(row[k]);
    const int64_t most = std::abs(int64_t{b}) + int64_t{128} * magnitudes;
    if (most << spare > INT32_MAX) return false;
    row += columns;
  }
  return true;
}

bool IsNarrow(const LstmWeights& w, const CellPlan& plan) {
  for (size_t g = 0; g < kGateCount; ++g) {
    const LstmGate& gate = w.gates[g];
    if (!Fits(gate.input_weights, gate.input_bias, w.inputs, plan.input[g].left + 1)) return false;
    if (!Fits(gate.recurrent_weights, gate.recurrent_bias, w.units, plan.recurrent[g].left + 1))
      return false;
  }
  return plan.hidden.left == 0;  // the product of two gates has 30 bits
}

// One unit's row of one gate into its block; the sum of its weights.
int32_t PackRow(const int8_t* row, size_t columns, int8_t* to) {
  const size_t whole = columns / 4 * 4;
  for (size_t k = 0; k < whole; k += 4) std::memcpy(to + k / 4 * kGroupBytes, row + k, 4);
  if (whole < columns) std::memcpy(to + whole / 4 * kGroupBytes, row + whole, columns - whole);
  int32_t sum = 0;
  for (size_t k = 0; k < columns; ++k) sum += row[k];
  return sum;
}

}  // namespace

PackedMatrix::PackedMatrix(const LstmWeights& w, Side side, int32_t value_offset) {
  const size_t columns = side == Side::kInput ? w.inputs : w.units;
  const size_t blocks = (w.units + kBlockUnits - 1) / kBlockUnits;
  groups_ = GroupsOf(columns);
  block_bytes_ = groups_ * kGroupBytes;
  bytes_ = blocks * block_bytes_;
  memory_ = MakeAligned(bytes_ + blocks * kRowSums * sizeof(int32_t));
  weights_ = reinterpret_cast<int8_t*>(memory_.get());
  bias_ = reinterpret_cast<int32_t*>(memory_.get() + bytes_);
  for (size_t g = 0; g < kGateCount; ++g) {
    const LstmGate& gate = w.gates[g];
    const int8_t* row = side == Side::kInput ? gate.input_weights : gate.recurrent_weights;
    const auto& bias = side == Side::kInput ? gate.input_bias : gate.recurrent_bias;
    for (size_t u = 0; u < w.units; ++u, row += columns) {
      const size_t b = u / kBlockUnits, lane = g * kBlockUnits + u % kBlockUnits;
      const int32_t sum = PackRow(row, columns, weights_ + b * block_bytes_ + lane * 4);
      // In the peer's wrapping int32, in which the offset then cancels.
      bias_[b * kRowSums + lane] = static_cast<int32_t>(static_cast<uint32_t>(bias[u]) -
                                                        static_cast<uint32_t>(sum * value_offset));
    }
  }
}

CellPlan MakeCellPlan(const LstmWeights& w) {
  CellPlan plan;
  for (size_t g = 0; g < kGateCount; ++g) {
    plan.input[g] = ToRescale(w.gates[g].input_scale);
    plan.recurrent[g] = ToRescale(w.gates[g].recurrent_scale);
  }
  plan.hidden = ToRescale(w.hidden_scale);
  plan.hidden_zero_point = w.hidden_zero_point;
  plan.cell_bits = 15 + w.cell_scale_log2;
  plan.product_shift = 30 + w.cell_scale_log2;
  plan.cell_max = w.cell_clip > 0 ? w.cell_clip : INT16_MAX;
  plan.cell_min = w.cell_clip > 0 ? static_cast<int16_t>(-w.cell_clip) : INT16_MIN;
  plan.narrow = IsNarrow(w, plan);
  return plan;
}

bool HasLeastWeight(const LstmWeights& w) {
  const auto has = [](const int8_t* weights, size_t count) {
    return std::find(weights, weights + count, int8_t{-128}) != weights + count;
  };
  return std::ranges::any_of(w.gates, [&](const LstmGate& gate) {
    return has(gate.input_weights, w.units * w.inputs) ||
           has(gate.recurrent_weights, w.units * w.units);
  });
}

}  // namespace millwright::nn::packed
