// The float network that was learned, as plain numbers: what the learner (libtorch) hands over,
// what quantization starts from, and the reference that the INT8 model is compared with. No torch
// here.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "model/lstm_classifier.h"

namespace millwright::trainer {

/// One layer; gates in the order input, forget, cell, output (model::kGates).
struct LstmLayer {
  int inputs = 0;
  int units = 0;
  std::array<std::vector<float>, model::kGates> input_weights{};      // [units x inputs]
  std::array<std::vector<float>, model::kGates> recurrent_weights{};  // [units x units]
  std::array<std::vector<float>, model::kGates> biases{};             // [units]
};

struct LstmNet {
  int steps = 0;
  int features = 0;
  int classes = 0;
  std::vector<LstmLayer> layers{};
  std::vector<float> dense_weights{};  // [classes x units of the last layer]
  std::vector<float> dense_biases{};   // [classes]
  bool regression = false;             // the outputs are values as they are, not logits
};

struct Range {
  float low = 0;
  float high = 0;
  void Take(float value) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
};

/// What activations reach; zero is always inside.
struct Ranges {
  std::vector<Range> hidden{};  // per layer
  std::vector<Range> cell{};
  Range logits{};
};

/// Runs windows through the net. Reuses its memory; not thread-safe.
class LstmRunner {
 public:
  explicit LstmRunner(const LstmNet& net);
  /// `window` [steps x features] from zero state; `logits` [classes]. Notes activations in `ranges`
  /// if given.
  void Run(std::span<const float> window, std::span<float> logits, Ranges* ranges = nullptr);

 private:
  void Layer(size_t index, Range* hidden, Range* cell);

  const LstmNet& net_;
  std::vector<float> in_;   // [steps x inputs] of the layer that runs
  std::vector<float> out_;  // [steps x units]
  std::vector<float> cell_;
  std::vector<float> gates_;
};

/// probabilities = softmax(logits / temperature).
void Softmax(std::span<const float> logits, double temperature, std::span<float> probabilities);

}  // namespace millwright::trainer
