// What flows through an ONNX graph: constants, and one stream of activations whose axes are known
// by their meaning.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "importer/net.h"
#include "importer/onnx_constant.h"

namespace millwright::importer::onnx {

enum class Axis { kBatch, kTime, kFeature, kOne };  // kOne: of size one, meaning nothing

/// A layer and what it reads. Whoever ends the graph finds its chain of layers this way; branches
/// that lead nowhere are forgotten.
struct Chain {
  Layer layer;
  std::shared_ptr<const Chain> before;
};

/// Activations. `axes` are in the order in which ONNX sees them; `shape` is what they hold.
struct Flow {
  std::vector<Axis> axes{};
  Shape shape{};
  int64_t batch = 1;
  std::shared_ptr<const Chain> chain{};
  int pad_before = 0, pad_after = 0;  // steps of zeros that a convolution has still to take
  Shape turned{};  // not empty: flattened from [features, time] of this shape, features outermost

  [[nodiscard]] int64_t SizeOf(Axis axis) const;
  [[nodiscard]] std::vector<int64_t> Sizes() const;
  void Drop(size_t at, bool keep);  // takes an axis away, or leaves it with size one
};

/// The last hidden states of several layers, one after another along their first axis.
struct Stack {
  std::vector<Flow> parts{};
};

using Value = std::variant<Constant, Flow, Stack>;

inline void Flow::Drop(size_t at, bool keep) {
  if (keep) {
    axes[at] = Axis::kOne;
  } else {
    axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

inline int64_t Flow::SizeOf(Axis axis) const {
  switch (axis) {
    case Axis::kBatch:
      return batch;
    case Axis::kTime:
      return shape.steps;
    case Axis::kFeature:
      return shape.width;
    case Axis::kOne:
      break;
  }
  return 1;
}

inline std::vector<int64_t> Flow::Sizes() const {
  std::vector<int64_t> out;
  for (const Axis axis : axes) out.push_back(SizeOf(axis));
  return out;
}

}  // namespace millwright::importer::onnx
