// What the makers of random graphs share: a random source, and tensors and operators with scales
// that make sense. Deterministic: a seed gives the same graph on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "model/graph.h"

namespace millwright::model::testing {

// SplitMix64; own distributions, so that models do not depend on a standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) { state_ = Next(); }
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  int32_t Between(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  double Real(double low, double high) {
    return low + (high - low) * static_cast<double>(Next() >> 11) * 0x1p-53;
  }
  bool Chance(double share) { return Real(0, 1) < share; }
  // Near enough to a normal deviate: the sum of twelve uniform ones.
  double Normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += Real(0, 1);
    return sum;
  }
  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return *(values.begin() + Between(0, static_cast<int32_t>(values.size()) - 1));
  }

 private:
  uint64_t state_;
};

template <typename T>
std::vector<std::byte> Bytes(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class GraphMaker {
 protected:
  explicit GraphMaker(uint64_t seed) : random_(seed) {}

  int32_t Add(Tensor tensor) {
    if (tensor.name.empty()) tensor.name = "t" + std::to_string(graph_.tensors.size());
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(graph_.tensors.size() - 1);
  }
  Tensor& At(int32_t index) { return graph_.tensors[static_cast<size_t>(index)]; }
  float ScaleOf(int32_t index) { return At(index).quantization.scales[0]; }

  Tensor Quantized(TensorType type, std::vector<int32_t> shape, float scale, int64_t zero_point) {
    return {.type = type,
            .shape = std::move(shape),
            .quantization = {.scales = {scale}, .zero_points = {zero_point}}};
  }
  int32_t Int32Constant(std::vector<int32_t> values) {
    const auto count = static_cast<int32_t>(values.size());
    Tensor tensor;  // named: GCC 12 at -O3 takes a temporary's members for uninitialised
    tensor.type = TensorType::kInt32;
    tensor.shape = {count};
    tensor.data = Bytes(values);
    return Add(std::move(tensor));
  }
  void AddOp(OpCode code, std::vector<int32_t> inputs, std::vector<int32_t> outputs,
             OpOptions options) {
    graph_.ops.push_back({.code = code,
                          .version = Int8Version(code),
                          .inputs = std::move(inputs),
                          .outputs = std::move(outputs),
                          .options = std::move(options)});
  }
  void AddOp(OpCode code, std::vector<int32_t> inputs, int32_t output, OpOptions options) {
    AddOp(code, std::move(inputs), std::vector{output}, std::move(options));
  }

  int32_t ZeroPoint() {
    return random_.Chance(0.15) ? random_.Pick({-128, 127, 0, -1}) : random_.Between(-60, 60);
  }
  float Scale(double log2_low, double log2_high) {
    return static_cast<float>(std::exp2(random_.Real(log2_low, log2_high)));
  }

  std::vector<int8_t> Weights(int32_t count) {
    const bool uniform = random_.Chance(0.3);
    const double spread = random_.Real(15, 70);
    std::vector<int8_t> weights(static_cast<size_t>(count));
    for (int8_t& weight : weights) {
      const double value = uniform ? random_.Real(-127, 127) : random_.Normal() * spread;
      weight = static_cast<int8_t>(std::clamp(std::round(value), -127.0, 127.0));
    }
    return weights;
  }

  // The scale with which a product of these weights reaches about `target` in real terms.
  static float WeightScale(const std::vector<int8_t>& weights, int32_t columns, double value_scale,
                           double target) {
    double square = 1;
    for (const int8_t weight : weights) square += double{1} * weight * weight;
    const double deviation =
        std::sqrt(square / static_cast<double>(weights.size())) * 60 * std::sqrt(columns);
    return static_cast<float>(target / (deviation * value_scale));
  }

  int32_t WeightTensor(int32_t rows, int32_t columns, float value_scale, double target) {
    const std::vector<int8_t> weights = Weights(rows * columns);
    Tensor tensor = Quantized(TensorType::kInt8, {rows, columns},
                              WeightScale(weights, columns, value_scale, target), 0);
    tensor.data = Bytes(weights);
    return Add(std::move(tensor));
  }

  int32_t BiasTensor(int32_t units, float scale, double target) {
    std::vector<int32_t> bias(static_cast<size_t>(units));
    for (int32_t& value : bias) {
      value = static_cast<int32_t>(
          std::clamp(std::round(random_.Normal() * target / scale), -1e9, 1e9));
    }
    Tensor tensor = Quantized(TensorType::kInt32, {units}, scale, 0);
    tensor.data = Bytes(bias);
    return Add(std::move(tensor));
  }

  Random random_;
  Graph graph_{};
};

}  // namespace millwright::model::testing
