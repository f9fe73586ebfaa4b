// The float network as it was: the answers that the INT8 model is held against, and the ranges that
// calibration needs.
#pragma once

#include <span>
#include <vector>

#include "importer/net.h"
#include "importer/rounding.h"

namespace millwright::importer {

/// What the input and each layer's output reached; zero is always inside.
struct NetRanges {
  trainer::Range input{};
  std::vector<trainer::Range> out{};   // per layer
  std::vector<trainer::Range> cell{};  // of LSTM layers
  std::vector<Moments> moments{};      // of LSTM and Dense layers: what they read
};

/// Runs windows through a checked net, which it borrows. Reuses its memory; not thread-safe.
class FloatRunner {
 public:
  explicit FloatRunner(const Net& net);
  /// `window` [steps x features] from zero state; the last layer's output, valid until the next
  /// run. Takes note of what is reached in `ranges` if given. Single precision, gates in the order
  /// input, forget, cell, output.
  /// Source: Gers et al. 2000 for the LSTM.
  [[nodiscard]] std::span<const float> Run(std::span<const float> window,
                                           NetRanges* ranges = nullptr);

 private:
  // Weights turned so that the innermost loop runs over outputs, which the compiler vectorises.
  struct Turned {
    std::vector<float> input{};      // [inputs x outputs]; LSTM: [inputs x 4 units]
    std::vector<float> recurrent{};  // LSTM: [units x 4 units]
    std::vector<float> biases{};
  };
  void RunLstm(const Lstm& layer, const Turned& turned, int steps, trainer::Range* cell);
  void RunDense(const Dense& layer, const Turned& turned, int steps);
  void RunConv(const Conv1d& layer, const Turned& turned, int steps);
  void RunPool(const Pool1d& layer, Shape in);
  void RunGlobalPool(const GlobalPool& layer, Shape in);
  void RunAffine(const Affine& layer);
  void RunActivate(const Activate& layer, size_t width);
  // What the layer that has just run read, from in_ and out_.
  void AddMoments(const Layer& layer, int steps, Moments& moments) const;

  const Net& net_;
  std::vector<Turned> turned_;  // per layer
  std::vector<float> in_, out_, cell_, gates_;
};

/// probabilities = softmax(values), in place.
void SoftmaxInPlace(std::span<float> values);

}  // namespace millwright::importer
