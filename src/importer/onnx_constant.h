// Constant tensors of an ONNX graph, and the few operators that exporters leave between an
// initialiser and the operator that uses it: shapes that are computed, weights that are cut and
// turned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::importer::onnx {

class TensorProto;

/// Exactly one of floats and ints holds the values, row by row.
struct Constant {
  std::vector<int64_t> shape{};  // empty: a scalar
  bool is_float = true;
  std::vector<float> floats{};
  std::vector<int64_t> ints{};
  [[nodiscard]] size_t count() const { return is_float ? floats.size() : ints.size(); }
};

inline constexpr size_t kValuesMax = size_t{32} << 20;

/// kInvalid: broken; kUnsupported: data in another file, or of a type that is neither float nor
/// integer; kExhausted: too large.
[[nodiscard]] Result<Constant> ReadTensor(const TensorProto& proto);

[[nodiscard]] Constant Ints(std::vector<int64_t> values);

/// Axis from the end where it is negative. kInvalid where there is none such.
[[nodiscard]] Result<size_t> AxisOf(int64_t axis, size_t rank);

/// Begin, end and step of one axis, as ONNX' Slice counts: negative from the end, clamped.
struct Cut {
  size_t axis = 0;
  int64_t start = 0, end = 0, step = 1;
};
[[nodiscard]] Cut Clamp(Cut cut, int64_t size);

/// Constants from constants; kInvalid where shapes do not fit.
[[nodiscard]] Result<Constant> SliceConstant(const Constant& in, const Cut& cut);
[[nodiscard]] Result<Constant> ConcatConstants(const std::vector<Constant>& parts, int64_t axis);
[[nodiscard]] Result<Constant> TransposeConstant(const Constant& in,
                                                 const std::vector<int64_t>& order);
[[nodiscard]] Result<Constant> GatherConstant(const Constant& in, const Constant& index,
                                              int64_t axis);
[[nodiscard]] Result<Constant> ReshapeConstant(const Constant& in,
                                               const std::vector<int64_t>& shape);
/// Of one value, `shape` times.
[[nodiscard]] Result<Constant> FillConstant(const Constant& value,
                                            const std::vector<int64_t>& shape);
/// Add, Sub, Mul, Div of equal shapes, or where one is a scalar.
[[nodiscard]] Result<Constant> CombineConstants(const std::string& op, const Constant& a,
                                                const Constant& b);

}  // namespace millwright::importer::onnx
