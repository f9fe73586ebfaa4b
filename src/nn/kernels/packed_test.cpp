// The vector activations and cell update, value by value: all 65536 of each gate and of the cell.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "nn/aligned_memory.h"
#include "nn/lstm_runner.h"
#include "nn/testing/fast_sets.h"

namespace millwright::nn {
namespace {

constexpr size_t kUnits = 256;

struct State {
  std::vector<int8_t> out = std::vector<int8_t>(kUnits), h = std::vector<int8_t>(kUnits);
  std::vector<int16_t> c = std::vector<int16_t>(kUnits);
};

/// Weights are zero, so that each gate's value is its bias.
struct Layer {
  std::vector<int8_t> zeros = std::vector<int8_t>(kUnits * kUnits);
  LstmWeights weights;

  Layer() {
    weights.inputs = 1;
    weights.units = kUnits;
    weights.cell_scale_log2 = -11;
    weights.hidden_scale = ToMultiplier(std::exp2(-23));
    for (LstmGate& gate : weights.gates) {
      gate.input_weights = gate.recurrent_weights = zeros.data();
      gate.input_bias.assign(kUnits, 0);
      gate.recurrent_bias.assign(kUnits, 0);
      gate.input_scale = gate.recurrent_scale = ToMultiplier(1);
    }
  }
  void SetGate(Gate gate, int32_t value) { weights.gates[gate].input_bias.assign(kUnits, value); }
};

void Step(const LstmRunner& runner, State& state) {
  const int8_t x[1] = {0};
  const LstmStream stream{
      .x = x, .out = state.out.data(), .h = state.h.data(), .c = state.c.data()};
  const AlignedMemory scratch = MakeAligned(runner.scratch_bytes(1));
  runner.Run({.streams = {&stream, 1},
              .steps = 1,
              .x_stride = 1,
              .out_stride = kUnits,
              .scratch = scratch.get()});
}

class PackedTest : public ::testing::TestWithParam<KernelSet> {
 protected:
  // `set` puts 256 of the 65536 values where they belong.
  void CompareAllValues(Layer& layer, const std::function<void(State&, size_t, int16_t)>& set) {
    for (int first = -32768; first < 32768; first += static_cast<int>(kUnits)) {
      State want;
      for (size_t u = 0; u < kUnits; ++u)
        set(want, u, static_cast<int16_t>(first + static_cast<int>(u)));
      State got = want;
      Step(*MakeLstmRunner(layer.weights, KernelSet::kReference), want);
      Step(*MakeLstmRunner(layer.weights, GetParam()), got);
      ASSERT_EQ(got.c, want.c) << "from " << first;
      ASSERT_EQ(got.h, want.h) << "from " << first;
      ASSERT_EQ(got.out, want.out) << "from " << first;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, PackedTest, ::testing::ValuesIn(testing::FastSets()),
                         [](const auto& parameter) {
                           std::string name(Name(parameter.param));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PackedTest);

TEST_P(PackedTest, EveryValueOfEachGate) {
  for (const Gate gate : {kInputGate, kForgetGate, kCellGate, kOutputGate}) {
    Layer layer;
    for (const Gate other : {kInputGate, kForgetGate, kOutputGate}) layer.SetGate(other, 32767);
    layer.SetGate(kCellGate, -2999);
    CompareAllValues(layer, [&](State& state, size_t u, int16_t value) {
      layer.weights.gates[gate].input_bias[u] = value;
      state.c[u] = static_cast<int16_t>(value ^ 0x5555);
    });
  }
}

TEST_P(PackedTest, EveryValueOfTheCellAtEveryScale) {
  for (int log2 = -15; log2 <= -9; ++log2) {
    Layer layer;
    layer.weights.cell_scale_log2 = log2;
    layer.weights.hidden_scale = ToMultiplier(std::exp2(-22.1 - 0.07 * log2));
    layer.SetGate(kForgetGate, 32767);
    layer.SetGate(kOutputGate, 32767);
    layer.SetGate(kCellGate, 700);
    CompareAllValues(layer, [](State& state, size_t u, int16_t value) { state.c[u] = value; });
  }
}

}  // namespace
}  // namespace millwright::nn
