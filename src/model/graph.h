// A .tflite model in memory: what the reader gives after every offset, shape, type and scale was
// checked, and what the writer takes. Reader and writer are each other's inverse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"

namespace millwright::model {

/// Values as in the TFLite schema.
enum class TensorType : int8_t {
  kFloat32 = 0,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9
};

struct Quantization {
  std::vector<float> scales{};  // empty: not quantized; 1: per tensor; n: per channel along `axis`
  std::vector<int64_t> zero_points{};  // as many as scales
  int axis = 0;
};

struct Tensor {
  std::string name{};
  TensorType type = TensorType::kInt8;
  std::vector<int32_t> shape{};
  Quantization quantization{};
  std::vector<std::byte> data{};  // empty: computed at run time
  bool is_variable = false;       // state that persists from run to run
};

/// Values as in the TFLite schema's BuiltinOperator; the reader also keeps codes that have no name
/// here. The engine says which of them it runs.
enum class OpCode : int32_t {
  kAdd = 0,
  kAveragePool2d = 1,
  kConcatenation = 2,
  kConv2d = 3,
  kDepthwiseConv2d = 4,
  kDequantize = 6,
  kFullyConnected = 9,
  kLogistic = 14,
  kMaxPool2d = 17,
  kMul = 18,
  kRelu = 19,
  kReluN1To1 = 20,
  kRelu6 = 21,
  kReshape = 22,
  kSoftmax = 25,
  kTanh = 28,
  kCustom = 32,
  kPad = 34,
  kTranspose = 39,
  kMean = 40,
  kSub = 41,
  kSqueeze = 43,
  kUnidirectionalSequenceLstm = 44,
  kStridedSlice = 45,
  kSplit = 49,
  kSlice = 65,
  kExpandDims = 70,
  kReduceMax = 82,
  kPack = 83,
  kUnpack = 88,
  kReverseV2 = 105,
  kQuantize = 114,
};

enum class Activation : int8_t {
  kNone = 0,
  kRelu = 1,
  kReluN1To1 = 2,
  kRelu6 = 3,
  kTanh = 4,
  kSignBit = 5
};

struct LstmOptions {
  Activation activation = Activation::kTanh;
  float cell_clip = 0;
  float projection_clip = 0;
  bool time_major = false;
  bool asymmetric_quantize_inputs = false;
  bool diagonal_recurrent = false;
};
struct FullyConnectedOptions {
  Activation activation = Activation::kNone;
  bool keep_num_dims = false;
};
struct SoftmaxOptions {
  float beta = 1;
};
struct ReshapeOptions {
  std::vector<int32_t> new_shape{};
};
struct StridedSliceOptions {
  int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  bool offset = false;
};
/// The operator kinds that carry options so far; the engine issue adds the rest here.
using OpOptions = std::variant<std::monostate, LstmOptions, FullyConnectedOptions, SoftmaxOptions,
                               ReshapeOptions, StridedSliceOptions>;

struct Op {
  OpCode code = OpCode::kAdd;
  int32_t version = 1;
  std::vector<int32_t> inputs{};  // tensor indices; -1: optional and absent
  std::vector<int32_t> outputs{};
  std::vector<int32_t> intermediates{};  // LSTM: five
  OpOptions options{};
  std::string custom_name{};  // of OpCode::kCustom
};

struct Graph {
  std::vector<Tensor> tensors{};
  std::vector<Op> ops{};  // in execution order
  std::vector<int32_t> inputs{};
  std::vector<int32_t> outputs{};
  std::string description{};
};

/// Where each input of UNIDIRECTIONAL_SEQUENCE_LSTM stands; 24 in all. Absent ones are -1.
enum LstmInput : int {
  kLstmInput = 0,
  kLstmInputWeights = 1,      // + gate 0..3: input, forget, cell, output; {units, inputs}
  kLstmRecurrentWeights = 5,  // + gate; {units, outputs}
  kLstmPeephole = 9,          // + 0..2: input, forget, output
  kLstmBias = 12,             // + gate; int32 {units}
  kLstmProjectionWeights = 16,
  kLstmProjectionBias = 17,
  kLstmOutputState = 18,  // variable, int8, the output's scale and zero point
  kLstmCellState = 19,    // variable, int16, zero point 0, scale a power of two
  kLstmLayerNorm = 20,    // + gate
  kLstmInputs = 24,
};

/// "UNIDIRECTIONAL_SEQUENCE_LSTM"; "BUILTIN_250" for a code that this build has no name for.
[[nodiscard]] std::string Name(OpCode code);
/// The operator's name, with a custom operator's own: "CUSTOM(FlexRoll)".
[[nodiscard]] std::string OpName(const Op& op);
/// "int8", "float32", ...
[[nodiscard]] std::string_view Name(TensorType type);
[[nodiscard]] size_t ElementBytes(TensorType type);

/// Product of the dimensions; an empty shape is a scalar and gives 1. Only for shapes that a reader
/// has checked.
[[nodiscard]] size_t ElementCount(std::span<const int32_t> shape);
[[nodiscard]] inline size_t ByteCount(const Tensor& tensor) {
  return ElementCount(tensor.shape) * ElementBytes(tensor.type);
}

/// "[1,64,8]".
[[nodiscard]] std::string ShapeText(std::span<const int32_t> shape);

/// The operator version that TensorFlow Lite wants for the INT8 form of this operator. What a
/// builder of graphs sets.
[[nodiscard]] int32_t Int8Version(OpCode code);

/// Multiply-accumulates of one run: of LSTM and FULLY_CONNECTED operators; the others' are not
/// counted.
[[nodiscard]] int64_t MultiplyAccumulates(const Graph& graph);

}  // namespace millwright::model
