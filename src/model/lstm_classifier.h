// The one model shape that our trainer ships: stacked LSTMs, the last step, a dense layer, a
// softmax; full INT8, as legacy Keras and TFLiteConverter make it. Quantized weights go in, a Graph
// for WriteTflite comes out.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/graph.h"

namespace millwright::model {

/// Gate order everywhere: input, forget, cell, output.
inline constexpr size_t kGates = 4;

struct QuantizedLstm {
  int units = 0;
  std::array<std::vector<int8_t>, kGates> input_weights{};      // [units x inputs], -127..127
  std::array<std::vector<int8_t>, kGates> recurrent_weights{};  // [units x units]
  std::array<std::vector<int32_t>, kGates> biases{};  // scale: input scale x input weight scale
  std::array<float, kGates> input_scales{};
  std::array<float, kGates> recurrent_scales{};
  int cell_shift = 11;     // cell state scale 2^-cell_shift, at most 2^15 / 2^cell_shift in value
  float hidden_scale = 0;  // of the output and of the state that is fed back
  int hidden_zero_point = 0;
};

struct QuantizedDense {
  int classes = 0;
  std::vector<int8_t> weights{};  // [classes x units]
  std::vector<float> scales{};    // one per class
  std::vector<int32_t> biases{};  // scale: hidden scale x scales[class]
  float logits_scale = 0;
  int logits_zero_point = 0;
};

struct QuantizedClassifier {
  int steps = 0;
  int features = 0;
  float input_scale = 0;
  int input_zero_point = 0;
  std::vector<QuantizedLstm> layers{};  // at least one
  QuantizedDense dense{};
  std::string description{};
  bool regression = false;  // the dense layer's values are the output; no softmax
};

inline constexpr float kSoftmaxScale = 1.0F / 256.0F;  // TFLite fixes softmax's int8 output so
inline constexpr int kSoftmaxZeroPoint = -128;

/// Input int8 [1, steps, features], output int8 [1, classes] (regression: [1, values]). kInvalid
/// where sizes contradict each other.
[[nodiscard]] Result<Graph> MakeGraph(const QuantizedClassifier& classifier);

}  // namespace millwright::model
