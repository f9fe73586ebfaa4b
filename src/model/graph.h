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
enum class Padding : int8_t { kSame = 0, kValid = 1 };

struct Conv2dOptions {
  Padding padding = Padding::kSame;
  int32_t stride_width = 1, stride_height = 1;
  int32_t dilation_width = 1, dilation_height = 1;
  Activation activation = Activation::kNone;
};
struct DepthwiseConv2dOptions {
  Conv2dOptions conv{};
  int32_t depth_multiplier = 1;
};
struct Pool2dOptions {
  Padding padding = Padding::kSame;
  int32_t stride_width = 1, stride_height = 1;
  int32_t filter_width = 1, filter_height = 1;
  Activation activation = Activation::kNone;
};
/// ADD, SUB and MUL.
struct ArithmeticOptions {
  Activation activation = Activation::kNone;
  bool pot_scale_int16 = true;  // of ADD and SUB; says nothing about int8
};
struct ConcatenationOptions {
  int32_t axis = 0;
  Activation activation = Activation::kNone;
};
/// PACK and UNPACK: how many tensors, and the axis that appears or goes.
struct StackOptions {
  int32_t count = 0;
  int32_t axis = 0;
};
struct SqueezeOptions {
  std::vector<int32_t> axes{};  // none: all axes of one
};
/// MEAN and REDUCE_MAX.
struct ReduceOptions {
  bool keep_dims = false;
};
struct SplitOptions {
  int32_t count = 0;
};
/// By operator kind; std::monostate where an operator has no options (or Graph does not know it).
using OpOptions =
    std::variant<std::monostate, LstmOptions, FullyConnectedOptions, SoftmaxOptions, ReshapeOptions,
                 StridedSliceOptions, Conv2dOptions, DepthwiseConv2dOptions, Pool2dOptions,
                 ArithmeticOptions, ConcatenationOptions, StackOptions, SqueezeOptions,
                 ReduceOptions, SplitOptions>;

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

/// Multiply-accumulates of one run: of LSTM, FULLY_CONNECTED, CONV_2D and DEPTHWISE_CONV_2D; 0 for
/// the others. Saturates instead of overflowing, whatever the shapes are.
[[nodiscard]] int64_t MultiplyAccumulates(const Graph& graph, const Op& op);
[[nodiscard]] int64_t MultiplyAccumulates(const Graph& graph);

/// What bounds the time of one run: multiply-accumulates, the elements that pools look at, and
/// those that every operator reads and writes. Saturates.
[[nodiscard]] int64_t Work(const Graph& graph);

}  // namespace millwright::model
