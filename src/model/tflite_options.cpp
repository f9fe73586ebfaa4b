#include "model/tflite_options.h"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace millwright::model {
namespace {

template <typename T, typename... Ts>
constexpr size_t IndexIn(const std::variant<Ts...>* /*type*/) {
  const bool same[] = {std::is_same_v<T, Ts>...};
  size_t index = 0;
  while (!same[index]) ++index;
  return index;
}
template <typename T>
constexpr size_t IndexOf() {
  return IndexIn<T>(static_cast<const OpOptions*>(nullptr));
}

struct Kind {
  OpCode code;
  size_t options;  // index into OpOptions
};

constexpr size_t kNoOptions = IndexOf<std::monostate>();
constexpr Kind kKinds[] = {
    {OpCode::kAdd, IndexOf<ArithmeticOptions>()},
    {OpCode::kAveragePool2d, IndexOf<Pool2dOptions>()},
    {OpCode::kConcatenation, IndexOf<ConcatenationOptions>()},
    {OpCode::kConv2d, IndexOf<Conv2dOptions>()},
    {OpCode::kDepthwiseConv2d, IndexOf<DepthwiseConv2dOptions>()},
    {OpCode::kDequantize, kNoOptions},
    {OpCode::kExpandDims, kNoOptions},
    {OpCode::kFullyConnected, IndexOf<FullyConnectedOptions>()},
    {OpCode::kLogistic, kNoOptions},
    {OpCode::kMaxPool2d, IndexOf<Pool2dOptions>()},
    {OpCode::kMean, IndexOf<ReduceOptions>()},
    {OpCode::kMul, IndexOf<ArithmeticOptions>()},
    {OpCode::kPack, IndexOf<StackOptions>()},
    {OpCode::kPad, kNoOptions},
    {OpCode::kQuantize, kNoOptions},
    {OpCode::kReduceMax, IndexOf<ReduceOptions>()},
    {OpCode::kRelu, kNoOptions},
    {OpCode::kRelu6, kNoOptions},
    {OpCode::kReluN1To1, kNoOptions},
    {OpCode::kReshape, IndexOf<ReshapeOptions>()},
    {OpCode::kReverseV2, kNoOptions},
    {OpCode::kSlice, kNoOptions},
    {OpCode::kSoftmax, IndexOf<SoftmaxOptions>()},
    {OpCode::kSplit, IndexOf<SplitOptions>()},
    {OpCode::kSqueeze, IndexOf<SqueezeOptions>()},
    {OpCode::kStridedSlice, IndexOf<StridedSliceOptions>()},
    {OpCode::kSub, IndexOf<ArithmeticOptions>()},
    {OpCode::kTanh, kNoOptions},
    {OpCode::kTranspose, kNoOptions},
    {OpCode::kUnidirectionalSequenceLstm, IndexOf<LstmOptions>()},
    {OpCode::kUnpack, IndexOf<StackOptions>()},
};

const Kind* Find(OpCode code) {
  const auto* found = std::ranges::find(kKinds, code, &Kind::code);
  return found == std::end(kKinds) ? nullptr : found;
}

// -- from the file --------------------------------------------------------------------------------

Activation ToActivation(int8_t value) { return static_cast<Activation>(value); }

std::vector<int32_t> ToInts(const flatbuffers::Vector<int32_t>* from) {
  if (from == nullptr) return {};
  return {from->begin(), from->end()};
}

LstmOptions From(const schema::UnidirectionalSequenceLSTMOptions& o) {
  return {.activation = ToActivation(o.fused_activation_function()),
          .cell_clip = o.cell_clip(),
          .projection_clip = o.proj_clip(),
          .time_major = o.time_major(),
          .asymmetric_quantize_inputs = o.asymmetric_quantize_inputs(),
          .diagonal_recurrent = o.diagonal_recurrent_tensors()};
}

Conv2dOptions From(const schema::Conv2DOptions& o) {
  return {.padding = static_cast<Padding>(o.padding()),
          .stride_width = o.stride_w(),
          .stride_height = o.stride_h(),
          .dilation_width = o.dilation_w_factor(),
          .dilation_height = o.dilation_h_factor(),
          .activation = ToActivation(o.fused_activation_function())};
}

DepthwiseConv2dOptions From(const schema::DepthwiseConv2DOptions& o) {
  return {.conv = {.padding = static_cast<Padding>(o.padding()),
                   .stride_width = o.stride_w(),
                   .stride_height = o.stride_h(),
                   .dilation_width = o.dilation_w_factor(),
                   .dilation_height = o.dilation_h_factor(),
                   .activation = ToActivation(o.fused_activation_function())},
          .depth_multiplier = o.depth_multiplier()};
}

Pool2dOptions From(const schema::Pool2DOptions& o) {
  return {.padding = static_cast<Padding>(o.padding()),
          .stride_width = o.stride_w(),
          .stride_height = o.stride_h(),
          .filter_width = o.filter_width(),
          .filter_height = o.filter_height(),
          .activation = ToActivation(o.fused_activation_function())};
}

ArithmeticOptions From(const schema::AddOptions& o) {
  return {ToActivation(o.fused_activation_function()), o.pot_scale_int16()};
}
ArithmeticOptions From(const schema::SubOptions& o) {
  return {ToActivation(o.fused_activation_function()), o.pot_scale_int16()};
}
ArithmeticOptions From(const schema::MulOptions& o) {
  return {.activation = ToActivation(o.fused_activation_function())};
}
ConcatenationOptions From(const schema::ConcatenationOptions& o) {
  return {o.axis(), ToActivation(o.fused_activation_function())};
}
StackOptions From(const schema::PackOptions& o) { return {o.values_count(), o.axis()}; }
StackOptions From(const schema::UnpackOptions& o) { return {o.num(), o.axis()}; }
SqueezeOptions From(const schema::SqueezeOptions& o) { return {ToInts(o.squeeze_dims())}; }
ReduceOptions From(const schema::ReducerOptions& o) { return {o.keep_dims()}; }
SplitOptions From(const schema::SplitOptions& o) { return {o.num_splits()}; }
SoftmaxOptions From(const schema::SoftmaxOptions& o) { return {o.beta()}; }
ReshapeOptions From(const schema::ReshapeOptions& o) { return {ToInts(o.new_shape())}; }
FullyConnectedOptions From(const schema::FullyConnectedOptions& o) {
  return {.activation = ToActivation(o.fused_activation_function()),
          .keep_num_dims = o.keep_num_dims()};
}
StridedSliceOptions From(const schema::StridedSliceOptions& o) {
  return {.begin_mask = o.begin_mask(),
          .end_mask = o.end_mask(),
          .ellipsis_mask = o.ellipsis_mask(),
          .new_axis_mask = o.new_axis_mask(),
          .shrink_axis_mask = o.shrink_axis_mask(),
          .offset = o.offset()};
}

template <typename T>
OpOptions FromTable(const schema::Operator& from, decltype(From(std::declval<T>())) absent = {}) {
  const T* table = from.builtin_options_as<T>();
  return table == nullptr ? absent : From(*table);
}

// -- into the file --------------------------------------------------------------------------------

struct OptionsWriter {
  flatbuffers::FlatBufferBuilder& fbb;
  OpCode code;

  static int8_t Byte(Activation activation) { return static_cast<int8_t>(activation); }
  static int8_t Byte(Padding padding) { return static_cast<int8_t>(padding); }
  template <typename T>
  static WrittenOptions Table(flatbuffers::Offset<T> written) {
    return {schema::BuiltinOptionsTraits<T>::enum_value, written.Union()};
  }

  WrittenOptions operator()(std::monostate) const { return {}; }
  WrittenOptions operator()(const LstmOptions& o) const {
    return Table(schema::CreateUnidirectionalSequenceLSTMOptions(
        fbb, Byte(o.activation), o.cell_clip, o.projection_clip, o.time_major,
        o.asymmetric_quantize_inputs, o.diagonal_recurrent));
  }
  WrittenOptions operator()(const FullyConnectedOptions& o) const {
    return Table(schema::CreateFullyConnectedOptions(fbb, Byte(o.activation), 0, o.keep_num_dims));
  }
  WrittenOptions operator()(const SoftmaxOptions& o) const {
    return Table(schema::CreateSoftmaxOptions(fbb, o.beta));
  }
  WrittenOptions operator()(const ReshapeOptions& o) const {
    return Table(schema::CreateReshapeOptions(fbb, fbb.CreateVector(o.new_shape)));
  }
  WrittenOptions operator()(const StridedSliceOptions& o) const {
    return Table(schema::CreateStridedSliceOptions(fbb, o.begin_mask, o.end_mask, o.ellipsis_mask,
                                                   o.new_axis_mask, o.shrink_axis_mask, o.offset));
  }
  WrittenOptions operator()(const Conv2dOptions& o) const {
    return Table(schema::CreateConv2DOptions(fbb, Byte(o.padding), o.stride_width, o.stride_height,
                                             Byte(o.activation), o.dilation_width,
                                             o.dilation_height));
  }
  WrittenOptions operator()(const DepthwiseConv2dOptions& o) const {
    return Table(schema::CreateDepthwiseConv2DOptions(
        fbb, Byte(o.conv.padding), o.conv.stride_width, o.conv.stride_height, o.depth_multiplier,
        Byte(o.conv.activation), o.conv.dilation_width, o.conv.dilation_height));
  }
  WrittenOptions operator()(const Pool2dOptions& o) const {
    return Table(schema::CreatePool2DOptions(fbb, Byte(o.padding), o.stride_width, o.stride_height,
                                             o.filter_width, o.filter_height, Byte(o.activation)));
  }
  WrittenOptions operator()(const ArithmeticOptions& o) const {
    if (code == OpCode::kMul) return Table(schema::CreateMulOptions(fbb, Byte(o.activation)));
    if (code == OpCode::kSub)
      return Table(schema::CreateSubOptions(fbb, Byte(o.activation), o.pot_scale_int16));
    return Table(schema::CreateAddOptions(fbb, Byte(o.activation), o.pot_scale_int16));
  }
  WrittenOptions operator()(const ConcatenationOptions& o) const {
    return Table(schema::CreateConcatenationOptions(fbb, o.axis, Byte(o.activation)));
  }
  WrittenOptions operator()(const StackOptions& o) const {
    if (code == OpCode::kPack) return Table(schema::CreatePackOptions(fbb, o.count, o.axis));
    return Table(schema::CreateUnpackOptions(fbb, o.count, o.axis));
  }
  WrittenOptions operator()(const SqueezeOptions& o) const {
    return Table(schema::CreateSqueezeOptions(fbb, fbb.CreateVector(o.axes)));
  }
  WrittenOptions operator()(const ReduceOptions& o) const {
    return Table(schema::CreateReducerOptions(fbb, o.keep_dims));
  }
  WrittenOptions operator()(const SplitOptions& o) const {
    return Table(schema::CreateSplitOptions(fbb, o.count));
  }
};

}  // namespace

Result<OpOptions> ReadOptions(const schema::Operator& from, OpCode code, const std::string& where) {
  switch (code) {
    case OpCode::kUnidirectionalSequenceLstm:
      return FromTable<schema::UnidirectionalSequenceLSTMOptions>(
          from, {.activation = Activation::kNone});
    case OpCode::kFullyConnected: {
      const auto* o = from.builtin_options_as_FullyConnectedOptions();
      if (o != nullptr && o->weights_format() != 0)
        return Fail(Errc::kUnsupported, "tflite: " + where + " has shuffled weights");
      return FromTable<schema::FullyConnectedOptions>(from);
    }
    case OpCode::kSoftmax:
      return FromTable<schema::SoftmaxOptions>(from, {.beta = 0});
    case OpCode::kReshape:
      return FromTable<schema::ReshapeOptions>(from);
    case OpCode::kStridedSlice:
      return FromTable<schema::StridedSliceOptions>(from);
    case OpCode::kConv2d:
      return FromTable<schema::Conv2DOptions>(from, {.stride_width = 0, .stride_height = 0});
    case OpCode::kDepthwiseConv2d:
      return FromTable<schema::DepthwiseConv2DOptions>(
          from, {.conv = {.stride_width = 0, .stride_height = 0}, .depth_multiplier = 0});
    case OpCode::kAveragePool2d:
    case OpCode::kMaxPool2d:
      return FromTable<schema::Pool2DOptions>(
          from, {.stride_width = 0, .stride_height = 0, .filter_width = 0, .filter_height = 0});
    case OpCode::kAdd:
      return FromTable<schema::AddOptions>(from);
    case OpCode::kSub:
      return FromTable<schema::SubOptions>(from);
    case OpCode::kMul:
      return FromTable<schema::MulOptions>(from);
    case OpCode::kConcatenation:
      return FromTable<schema::ConcatenationOptions>(from);
    case OpCode::kPack:
      return FromTable<schema::PackOptions>(from);
    case OpCode::kUnpack:
      return FromTable<schema::UnpackOptions>(from);
    case OpCode::kSqueeze:
      return FromTable<schema::SqueezeOptions>(from);
    case OpCode::kMean:
    case OpCode::kReduceMax:
      return FromTable<schema::ReducerOptions>(from);
    case OpCode::kSplit:
      return FromTable<schema::SplitOptions>(from);
    default:
      return OpOptions(std::monostate{});
  }
}

WrittenOptions WriteOptions(flatbuffers::FlatBufferBuilder& builder, const Op& op) {
  return std::visit(OptionsWriter{builder, op.code}, op.options);
}

bool KeepsOptions(OpCode code) { return Find(code) != nullptr; }

bool HasOwnOptions(const Op& op) {
  const Kind* kind = Find(op.code);
  return kind != nullptr && op.options.index() == kind->options;
}

}  // namespace millwright::model
