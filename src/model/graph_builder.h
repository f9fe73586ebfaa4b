// Builds a Graph operator by operator, each as the converter writes it. Shapes and scales flow from
// tensor to tensor; quantized weights come from the caller.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "model/graph.h"
#include "model/lstm_classifier.h"

namespace millwright::model {

class GraphBuilder {
 public:
  explicit GraphBuilder(std::string description) { graph_.description = std::move(description); }

  /// The model's one input, int8.
  [[nodiscard]] int32_t Input(const std::string& name, std::vector<int32_t> shape, float scale,
                              int zero_point);
  /// [1, steps, inputs] -> [1, steps, units]; weights of the sizes that MakeGraph checks.
  [[nodiscard]] int32_t Lstm(const std::string& name, int32_t input, const QuantizedLstm& layer);
  /// x[:, -1, :]
  [[nodiscard]] int32_t LastStep(const std::string& name, int32_t input);
  /// The last axis through FULLY_CONNECTED; `out_name` is its output's.
  [[nodiscard]] int32_t Dense(const std::string& name, const std::string& out_name, int32_t input,
                              const QuantizedDense& dense,
                              model::Activation activation = model::Activation::kNone);
  [[nodiscard]] int32_t Softmax(const std::string& name, int32_t input);

  /// Any other operator with one output, int8. `op.inputs` are there; version and output are set.
  [[nodiscard]] int32_t Any(Op op, const std::string& out_name, std::vector<int32_t> shape,
                            float scale, int zero_point);
  /// An int32 vector, as shapes and axes are given.
  [[nodiscard]] int32_t Indices(const std::string& name, const std::vector<int32_t>& values);
  template <typename T>
  [[nodiscard]] int32_t Constant(const std::string& name, TensorType type,
                                 std::vector<int32_t> shape, const std::vector<T>& values,
                                 const std::vector<float>& scales) {
    Tensor tensor{
        .name = name,
        .type = type,
        .shape = std::move(shape),
        .quantization = {.scales = scales, .zero_points = std::vector<int64_t>(scales.size())},
        .data = std::vector<std::byte>(values.size() * sizeof(T))};
    if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return Add(std::move(tensor));
  }

  [[nodiscard]] const Tensor& tensor(int32_t index) const {
    return graph_.tensors[static_cast<size_t>(index)];
  }
  [[nodiscard]] float scale(int32_t index) const { return tensor(index).quantization.scales[0]; }
  [[nodiscard]] int zero_point(int32_t index) const {
    return static_cast<int>(tensor(index).quantization.zero_points[0]);
  }

  /// The graph; nothing may be added afterwards.
  [[nodiscard]] Graph Finish(int32_t output);

 private:
  int32_t Add(Tensor tensor);
  int32_t Computed(const std::string& name, std::vector<int32_t> shape, float scale, int zero_point,
                   TensorType type = TensorType::kInt8, bool is_variable = false);

  Graph graph_;
};

}  // namespace millwright::model
