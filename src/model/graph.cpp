#include "model/graph.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace millwright::model {
namespace {

// BuiltinOperator of the TFLite schema, 0 to 161: an error that names the operator saves its reader
// a search.
// clang-format off
constexpr std::array kOpNames = {
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE",
    "DEQUANTIZE", "EMBEDDING_LOOKUP", "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP",
    "L2_NORMALIZATION", "L2_POOL_2D", "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC", "LSH_PROJECTION",
    "LSTM", "MAX_POOL_2D", "MUL", "RELU", "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR",
    "RNN", "SOFTMAX", "SPACE_TO_DEPTH", "SVDF", "TANH", "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL",
    "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD", "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER",
    "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB", "DIV", "SQUEEZE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP", "TOPK_V2",
    "SPLIT", "LOG_SOFTMAX", "DELEGATE", "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU", "MAXIMUM",
    "ARG_MAX", "MINIMUM", "LESS", "NEG", "PADV2", "GREATER", "GREATER_EQUAL", "LESS_EQUAL",
    "SELECT", "SLICE", "SIN", "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE", "EXPAND_DIMS", "EQUAL",
    "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT", "SHAPE", "POW", "ARG_MIN", "FAKE_QUANT",
    "REDUCE_PROD", "REDUCE_MAX", "PACK", "LOGICAL_OR", "ONE_HOT", "LOGICAL_AND", "LOGICAL_NOT",
    "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE", "FILL", "FLOOR_MOD",
    "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE", "MIRROR_PAD", "ABS",
    "SPLIT_V", "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS", "WHERE", "RANK", "ELU",
    "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE", "MATRIX_SET_DIAG", "ROUND", "HARD_SWISH", "IF",
    "WHILE", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "SCATTER_ND", "SELECT_V2",
    "DENSIFY", "SEGMENT_SUM", "BATCH_MATMUL", "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM",
    "CALL_ONCE", "BROADCAST_TO", "RFFT2D", "CONV_3D", "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE",
    "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "REDUCE_ALL", "CONV_3D_TRANSPOSE",
    "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "BROADCAST_ARGS", "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE", "RANDOM_UNIFORM", "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE", "RELU_0_TO_1",
    "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2",
    "UNSORTED_SEGMENT_MIN", "SIGN", "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT",
};
// clang-format on

constexpr int64_t kCountMax = std::numeric_limits<int64_t>::max();

int64_t Plus(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kCountMax : sum;
}
int64_t Times(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kCountMax : product;
}

// 0 for an absent tensor.
int64_t Elements(const Graph& graph, const std::vector<int32_t>& list, size_t i) {
  if (i >= list.size() || list[i] < 0) return 0;
  return static_cast<int64_t>(ElementCount(graph.tensors[static_cast<size_t>(list[i])].shape));
}

// Dimension `axis` of input i; 0 where there is none.
int64_t Extent(const Graph& graph, const Op& op, size_t i, size_t axis) {
  if (i >= op.inputs.size() || op.inputs[i] < 0) return 0;
  const std::vector<int32_t>& shape = graph.tensors[static_cast<size_t>(op.inputs[i])].shape;
  return axis < shape.size() ? shape[axis] : 0;
}

int64_t LstmMultiplyAccumulates(const Graph& graph, const Op& op) {
  int64_t per_step = Elements(graph, op.inputs, kLstmProjectionWeights);
  for (size_t i = kLstmInputWeights; i < size_t{kLstmBias}; ++i)
    per_step = Plus(per_step, Elements(graph, op.inputs, i));
  const int64_t steps = Times(Extent(graph, op, 0, 0), Extent(graph, op, 0, 1));
  return Times(per_step, steps);
}

int64_t PoolReads(const Graph& graph, const Op& op) {
  const auto* o = std::get_if<Pool2dOptions>(&op.options);
  if (o == nullptr) return 0;
  const int64_t height = std::min<int64_t>(o->filter_height, Extent(graph, op, 0, 1));
  const int64_t width = std::min<int64_t>(o->filter_width, Extent(graph, op, 0, 2));
  return Times(Elements(graph, op.outputs, 0),
               Times(std::max<int64_t>(height, 0), std::max<int64_t>(width, 0)));
}

}  // namespace

std::string Name(OpCode code) {
  const auto value = static_cast<int32_t>(code);
  if (value >= 0 && value < static_cast<int32_t>(kOpNames.size()))
    return kOpNames[static_cast<size_t>(value)];
  return "BUILTIN_" + std::to_string(value);
}

std::string OpName(const Op& op) {
  return op.code == OpCode::kCustom ? "CUSTOM(" + op.custom_name + ")" : Name(op.code);
}

std::string_view Name(TensorType type) {
  switch (type) {
    case TensorType::kFloat32:
      return "float32";
    case TensorType::kInt32:
      return "int32";
    case TensorType::kUint8:
      return "uint8";
    case TensorType::kInt64:
      return "int64";
    case TensorType::kBool:
      return "bool";
    case TensorType::kInt16:
      return "int16";
    case TensorType::kInt8:
      return "int8";
  }
  return "unknown";
}

size_t ElementBytes(TensorType type) {
  switch (type) {
    case TensorType::kInt64:
      return 8;
    case TensorType::kFloat32:
    case TensorType::kInt32:
      return 4;
    case TensorType::kInt16:
      return 2;
    case TensorType::kUint8:
    case TensorType::kBool:
    case TensorType::kInt8:
      return 1;
  }
  return 1;
}

size_t ElementCount(std::span<const int32_t> shape) {
  size_t count = 1;
  for (const int32_t dimension : shape) count *= static_cast<size_t>(dimension);
  return count;
}

std::string ShapeText(std::span<const int32_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

int32_t Int8Version(OpCode code) {
  switch (code) {
    case OpCode::kFullyConnected:
      return 4;
    case OpCode::kConv2d:
    case OpCode::kDepthwiseConv2d:
      return 3;
    case OpCode::kAdd:
    case OpCode::kAveragePool2d:
    case OpCode::kConcatenation:
    case OpCode::kDequantize:
    case OpCode::kLogistic:
    case OpCode::kMaxPool2d:
    case OpCode::kMean:
    case OpCode::kMul:
    case OpCode::kPack:
    case OpCode::kPad:
    case OpCode::kReduceMax:
    case OpCode::kRelu:
    case OpCode::kRelu6:
    case OpCode::kSlice:
    case OpCode::kSoftmax:
    case OpCode::kSplit:
    case OpCode::kStridedSlice:
    case OpCode::kSub:
    case OpCode::kTanh:
    case OpCode::kTranspose:
    case OpCode::kUnpack:
      return 2;
    default:
      return 1;
  }
}

int64_t MultiplyAccumulates(const Graph& graph, const Op& op) {
  switch (op.code) {
    case OpCode::kUnidirectionalSequenceLstm:
      return LstmMultiplyAccumulates(graph, op);
    case OpCode::kFullyConnected:
      return Times(Elements(graph, op.outputs, 0), Extent(graph, op, 1, 1));
    case OpCode::kConv2d: {  // filter [outputs, height, width, inputs]
      const int64_t outputs = std::max<int64_t>(Extent(graph, op, 1, 0), 1);
      return Times(Elements(graph, op.outputs, 0), Elements(graph, op.inputs, 1) / outputs);
    }
    case OpCode::kDepthwiseConv2d:  // filter [1, height, width, outputs]
      return Times(Elements(graph, op.outputs, 0),
                   Times(Extent(graph, op, 1, 1), Extent(graph, op, 1, 2)));
    default:
      return 0;
  }
}

int64_t MultiplyAccumulates(const Graph& graph) {
  int64_t total = 0;
  for (const Op& op : graph.ops) total = Plus(total, MultiplyAccumulates(graph, op));
  return total;
}

int64_t Work(const Graph& graph) {
  int64_t total = 0;
  for (const Op& op : graph.ops) {
    total = Plus(total, MultiplyAccumulates(graph, op));
    total = Plus(total, PoolReads(graph, op));
    for (size_t i = 0; i < op.inputs.size(); ++i)
      total = Plus(total, Elements(graph, op.inputs, i));
    for (size_t i = 0; i < op.outputs.size(); ++i)
      total = Plus(total, Elements(graph, op.outputs, i));
  }
  return total;
}

}  // namespace millwright::model
