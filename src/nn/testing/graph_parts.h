// Short ways to the parts of a graph that a test breaks.
#pragma once

#include <variant>

#include "model/graph.h"

namespace millwright::nn::testing {

inline model::Tensor& In(model::Graph& graph, const model::Op& op, size_t i) {
  return graph.tensors[static_cast<size_t>(op.inputs[i])];
}
inline model::Tensor& Out(model::Graph& graph, const model::Op& op) {
  return graph.tensors[static_cast<size_t>(op.outputs[0])];
}
template <typename T>
T& Options(model::Op& op) {
  return std::get<T>(op.options);
}

}  // namespace millwright::nn::testing
