// The float network that an importer has read, as a list of layers: what calibration runs, what
// quantization starts from, and what the INT8 model is compared with. Neither Keras nor ONNX here.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "trainer/lstm_net.h"

namespace millwright::importer {

/// [steps x width]; one step after time is gone. `is_vector` tells [width] from [1 x width].
struct Shape {
  int steps = 0;
  int width = 0;
  bool is_vector = false;
  [[nodiscard]] size_t elements() const {
    return static_cast<size_t>(steps) * static_cast<size_t>(width);
  }
  bool operator==(const Shape&) const = default;
};

/// Every hidden state of every step; `LastStep` behind it takes the last.
using Lstm = trainer::LstmLayer;

/// The last axis: out = weights x in + biases, in each step.
struct Dense {
  int inputs = 0;
  int outputs = 0;
  std::vector<float> weights{};  // [outputs x inputs]
  std::vector<float> biases{};   // [outputs]
};

/// Over time; `pad_before` and `pad_after` steps of zeros stand around.
struct Conv1d {
  int inputs = 0;
  int outputs = 0;
  int kernel = 1, stride = 1, dilation = 1;
  int pad_before = 0, pad_after = 0;
  std::vector<float> weights{};  // [outputs x kernel x inputs]
  std::vector<float> biases{};   // [outputs]
};

/// Over time, windows that lie wholly inside.
struct Pool1d {
  bool is_max = true;
  int size = 2, stride = 2;
};

struct LastStep {};
/// All steps into one.
struct GlobalPool {
  bool is_max = false;
};
struct Flatten {};

/// x[f] * gain[f] + offset[f], in each step: normalization of any kind. Folded away before a net
/// runs.
struct Affine {
  std::vector<float> gain{};
  std::vector<float> offset{};
};

enum class Function { kRelu, kRelu6, kTanh, kSigmoid, kSoftmax };
struct Activate {
  Function function = Function::kRelu;
};

using LayerOp =
    std::variant<Lstm, Dense, Conv1d, Pool1d, LastStep, GlobalPool, Flatten, Affine, Activate>;

struct Layer {
  std::string name{};  // the user's
  std::string kind{};  // as its file calls it: "LSTM", "Gemm"
  LayerOp op{};
  Shape out{};  // set by CheckNet
};

struct Net {
  int steps = 0;  // 0: the file leaves it open
  int features = 0;
  std::vector<Layer> layers{};
};

/// What no model for a gateway needs more of.
struct NetLimits {
  size_t layers = 64;
  int steps = 4096;
  int width = 4096;
  size_t weights = size_t{16} << 20;
};

/// "layer 'dense_1' (Dense)": how errors name a layer.
[[nodiscard]] std::string Where(const std::string& name, const std::string& kind);
[[nodiscard]] inline std::string Where(const Layer& layer) { return Where(layer.name, layer.kind); }

/// What `layer` makes of an input of shape `in`. Errors as CheckNet's.
[[nodiscard]] Result<Shape> OutShape(const Layer& layer, Shape in, const NetLimits& limits = {});

/// Follows the shapes from layer to layer and sets `out`. kInvalid, naming the layer, where sizes
/// contradict each other or a weight is not finite; kExhausted beyond `limits`.
[[nodiscard]] Result<void> CheckNet(Net& net, const NetLimits& limits = {});

}  // namespace millwright::importer
