// Random LSTM layers and calls, to compare kernel sets with the reference: every size, scale and
// edge that the operator lets through, extreme ones more often than models have them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "nn/aligned_memory.h"
#include "nn/lstm_runner.h"
#include "nn/team.h"

namespace millwright::nn::testing {

struct RandomLstmOptions {
  uint64_t seed = 1;
  size_t inputs = 8, units = 24;
  /// Also what converters never write: weights of -128, multipliers of any size, biases anywhere.
  bool extreme = false;
};

/// A layer that owns what its weights() point to.
class RandomLstm {
 public:
  explicit RandomLstm(const RandomLstmOptions& options) : options_(options), random_(options.seed) {
    weights_.inputs = options.inputs;
    weights_.units = options.units;
    weights_.cell_scale_log2 = -Between(9, 15);
    weights_.cell_clip = Chance(0.3) ? static_cast<int16_t>(Between(1, 32767)) : int16_t{0};
    weights_.hidden_scale = Near(std::exp2(-Real(21.5, 24)));
    weights_.hidden_zero_point = Between(-128, 127);
    for (size_t g = 0; g < kGates; ++g) FillGate(g);
  }

  [[nodiscard]] const LstmWeights& weights() const { return weights_; }
  [[nodiscard]] size_t inputs() const { return options_.inputs; }
  [[nodiscard]] size_t units() const { return options_.units; }

  int Between(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  double Real(double low, double high) {
    return std::uniform_real_distribution(low, high)(random_);
  }
  bool Chance(double share) { return Real(0, 1) < share; }

  template <typename T>
  std::vector<T> Values(size_t count, int low, int high) {
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(Between(low, high));
    return values;
  }

 private:
  // Normal or uniform; a few layers hold the largest magnitudes side by side.
  std::vector<int8_t> Weights(size_t count) {
    if (options_.extreme && Chance(0.3)) {
      std::vector<int8_t> weights(count);
      for (int8_t& weight : weights)
        weight = static_cast<int8_t>(Chance(0.5) ? -128 : Between(120, 127));
      return weights;
    }
    if (Chance(0.3)) return Values<int8_t>(count, -127, 127);
    std::normal_distribution normal(0.0, Real(10, 40));
    std::vector<int8_t> weights(count);
    for (int8_t& weight : weights)
      weight = static_cast<int8_t>(std::clamp(std::round(normal(random_)), -127.0, 127.0));
    return weights;
  }

  Multiplier Near(double real) {
    if (!options_.extreme || Chance(0.5)) return ToMultiplier(real);
    if (Chance(0.05)) return {};
    return {.mantissa = Between(1 << 30, 0x7FFFFFFF), .shift = Between(-31, 30)};
  }

  std::vector<int32_t> Biases(int most) {
    return options_.extreme && Chance(0.2) ? Values<int32_t>(weights_.units, INT32_MIN, INT32_MAX)
                                           : Values<int32_t>(weights_.units, -most, most);
  }

  // Products then spread over the gates' range and beyond: 2^-12 steps, +-8.
  double ProductScale(size_t columns) {
    return 4096 * Real(0.5, 6) / (30 * 70 * std::sqrt(static_cast<double>(columns)));
  }

  void FillGate(size_t g) {
    LstmGate& gate = weights_.gates[g];
    input_weights_[g] = Weights(weights_.units * weights_.inputs);
    recurrent_weights_[g] = Weights(weights_.units * weights_.units);
    gate.input_weights = input_weights_[g].data();
    gate.recurrent_weights = recurrent_weights_[g].data();
    gate.input_bias = Biases(20000);
    gate.recurrent_bias = Biases(20000);
    gate.input_scale = Near(ProductScale(weights_.inputs));
    gate.recurrent_scale = Near(ProductScale(weights_.units));
  }

  RandomLstmOptions options_;
  std::mt19937_64 random_;
  std::array<std::vector<int8_t>, kGates> input_weights_, recurrent_weights_;
  LstmWeights weights_;
};

struct RandomCallOptions {
  size_t streams = 1, steps = 1, calls = 1;
  int threads = 1;
};

/// Everything that a runner leaves behind after `calls` calls: outputs, hidden states and cells.
/// The memory around them is checked to be as it was.
inline std::vector<uint8_t> RunRandomCalls(RandomLstm layer, const LstmRunner& runner,
                                           const RandomCallOptions& options) {
  constexpr size_t kGuard = 64;
  const size_t per_stream = options.steps * layer.units();
  std::vector<int8_t> out(options.streams * per_stream + kGuard, 99);
  std::vector<int8_t> h = layer.Values<int8_t>(options.streams * layer.units() + kGuard, -128, 127);
  std::vector<int16_t> c =
      layer.Values<int16_t>(options.streams * layer.units() + kGuard, -32768, 32767);
  const AlignedMemory scratch = MakeAligned(runner.scratch_bytes(options.streams));
  std::optional<Team> team;
  if (options.threads > 1) team.emplace(options.threads);
  std::vector<uint8_t> left;
  for (size_t call = 0; call < options.calls; ++call) {
    const size_t x_per_stream = options.steps * layer.inputs();
    const auto x = layer.Values<int8_t>(options.streams * x_per_stream, -128, 127);
    std::vector<LstmStream> streams;
    for (size_t s = 0; s < options.streams; ++s) {
      streams.push_back({.x = x.data() + s * x_per_stream,
                         .out = out.data() + s * per_stream,
                         .h = h.data() + s * layer.units(),
                         .c = c.data() + s * layer.units()});
    }
    runner.Run({.streams = streams,
                .steps = options.steps,
                .x_stride = layer.inputs(),
                .out_stride = layer.units(),
                .scratch = scratch.get(),
                .team = team ? &*team : nullptr});
    const auto keep = [&left](const auto& values) {
      const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
      left.insert(left.end(), bytes, bytes + values.size() * sizeof(values[0]));
    };
    keep(out);
    keep(h);
    keep(c);
  }
  return left;
}

/// By how many bytes `set` differs from the reference after the same calls.
inline size_t BytesDifferent(const RandomLstm& layer, KernelSet set,
                             const RandomCallOptions& options) {
  const auto reference = MakeLstmRunner(layer.weights(), KernelSet::kReference);
  const auto tested = MakeLstmRunner(layer.weights(), set);
  RandomCallOptions alone = options;
  alone.threads = 1;
  const std::vector<uint8_t> want = RunRandomCalls(layer, *reference, alone);
  const std::vector<uint8_t> got = RunRandomCalls(layer, *tested, options);
  size_t different = 0;
  for (size_t i = 0; i < want.size(); ++i) different += want[i] != got[i] ? 1U : 0U;
  return different;
}

}  // namespace millwright::nn::testing
