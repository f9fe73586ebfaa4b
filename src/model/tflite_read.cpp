#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "model/tflite.h"
#include "model/tflite_generated.h"
#include "model/tflite_options.h"

static_assert(std::endian::native == std::endian::little,
              "tensor data in a .tflite file is little-endian");

namespace millwright::model {
namespace {

tl::unexpected<Error> Invalid(const std::string& what) {
  return Fail(Errc::kInvalid, "tflite: " + what);
}
tl::unexpected<Error> Unsupported(const std::string& what) {
  return Fail(Errc::kUnsupported, "tflite: " + what);
}

// Byte by byte: the verifier checks that a vector's length is aligned, not that its elements are.
template <typename T>
std::vector<T> ToVector(const flatbuffers::Vector<T>* from) {
  if (from == nullptr || from->size() == 0) return {};
  std::vector<T> out(from->size());
  std::memcpy(out.data(), from->Data(), out.size() * sizeof(T));
  return out;
}

std::string ToString(const flatbuffers::String* from) {
  return from == nullptr ? std::string() : from->str();
}

Result<TensorType> ToType(int8_t value, const std::string& label) {
  switch (static_cast<TensorType>(value)) {
    case TensorType::kFloat32:
    case TensorType::kInt32:
    case TensorType::kUint8:
    case TensorType::kInt64:
    case TensorType::kBool:
    case TensorType::kInt16:
    case TensorType::kInt8:
      return static_cast<TensorType>(value);
  }
  return Unsupported(label + " has element type " + std::to_string(value) +
                     "; known are float32, int8, int16, int32, int64, uint8 and bool");
}

Result<Quantization> ToQuantization(const schema::QuantizationParameters* from,
                                    const std::string& label) {
  Quantization out;
  if (from == nullptr) return out;
  if (from->details_type() != schema::QuantizationDetails::NONE) {
    return Unsupported(label + " uses custom or blockwise quantization");
  }
  out.scales = ToVector(from->scale());
  if (out.scales.empty()) return out;  // only calibration ranges: not quantized
  out.zero_points = ToVector(from->zero_point());
  out.axis = from->quantized_dimension();
  return out;
}

using Buffers = flatbuffers::Vector<flatbuffers::Offset<schema::Buffer>>;

Result<std::vector<std::byte>> ToData(const schema::Tensor& from, const Buffers& buffers,
                                      const std::string& label) {
  if (from.external_buffer() != 0) return Unsupported(label + " keeps its data in another file");
  if (from.sparsity() != nullptr) return Unsupported(label + " is sparse");
  if (from.buffer() >= buffers.size()) {
    return Invalid(label + " names buffer " + std::to_string(from.buffer()) + " of " +
                   std::to_string(buffers.size()));
  }
  const schema::Buffer* buffer = buffers.Get(from.buffer());
  if (buffer->offset() > 1 || buffer->size() > 1) {
    return Unsupported(label +
                       " keeps its data behind the flatbuffer (a file of more than 2 GiB?)");
  }
  if (buffer->data() == nullptr) return std::vector<std::byte>{};
  const auto* bytes = reinterpret_cast<const std::byte*>(buffer->data()->data());
  return std::vector<std::byte>(bytes, bytes + buffer->data()->size());
}

Result<Tensor> ToTensor(const schema::Tensor& from, const Buffers& buffers, size_t index) {
  constexpr size_t kNameMax = 64;
  Tensor out;
  out.name = ToString(from.name());
  const std::string label =
      "tensor " + std::to_string(index) + " '" + out.name.substr(0, kNameMax) + "'";
  MW_TRY(out.type, ToType(from.type(), label));
  MW_TRY(out.quantization, ToQuantization(from.quantization(), label));
  MW_TRY(out.data, ToData(from, buffers, label));
  out.shape = ToVector(from.shape());
  out.is_variable = from.is_variable();
  return out;
}

using Codes = flatbuffers::Vector<flatbuffers::Offset<schema::OperatorCode>>;

Result<Op> ToOp(const schema::Operator& from, const Codes& codes, size_t index) {
  if (from.opcode_index() >= codes.size()) {
    return Invalid("op " + std::to_string(index) + " names operator code " +
                   std::to_string(from.opcode_index()) + " of " + std::to_string(codes.size()));
  }
  const schema::OperatorCode& code = *codes.Get(from.opcode_index());
  Op out;
  // Old files know only the byte, new ones write both; codes beyond a byte need the wide field.
  out.code =
      static_cast<OpCode>(std::max<int32_t>(code.builtin_code(), code.deprecated_builtin_code()));
  out.version = code.version();
  if (out.code == OpCode::kCustom) out.custom_name = ToString(code.custom_code());
  out.inputs = ToVector(from.inputs());
  out.outputs = ToVector(from.outputs());
  out.intermediates = ToVector(from.intermediates());
  MW_TRY(out.options,
         ReadOptions(from, out.code, "op " + std::to_string(index) + " (" + OpName(out) + ")"));
  return out;
}

Result<void> CheckHeader(std::span<const std::byte> bytes, const TfliteLimits& limits) {
  if (bytes.size() > limits.file_bytes) {
    return Fail(Errc::kExhausted, "tflite: a file of " + std::to_string(bytes.size()) +
                                      " bytes; the limit is " + std::to_string(limits.file_bytes));
  }
  constexpr size_t kHeaderBytes = 8;  // root offset 4, identifier 4
  if (bytes.size() < kHeaderBytes ||
      std::memcmp(bytes.data() + 4, schema::ModelIdentifier(), 4) != 0) {
    return Invalid("not a .tflite file (identifier TFL3 is missing)");
  }
  return {};
}

Result<Graph> ToGraph(const schema::Model& model, const TfliteLimits& limits) {
  if (model.version() != 3)
    return Unsupported("schema version " + std::to_string(model.version()) + ", not 3");
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0)
    return Invalid("the file holds no graph");
  if (model.buffers() == nullptr || model.operator_codes() == nullptr)
    return Invalid("buffers or operator codes are missing");
  const schema::SubGraph& main = *model.subgraphs()->Get(0);
  if (main.tensors() == nullptr || main.operators() == nullptr)
    return Invalid("the graph has no tensors or no operators");
  if (main.tensors()->size() > limits.tensors || main.operators()->size() > limits.ops) {
    return Fail(Errc::kExhausted, "tflite: " + std::to_string(main.tensors()->size()) +
                                      " tensors, " + std::to_string(main.operators()->size()) +
                                      " operators");
  }
  Graph graph;
  size_t data_bytes = 0;
  for (flatbuffers::uoffset_t i = 0; i < main.tensors()->size(); ++i) {
    MW_TRY(Tensor tensor, ToTensor(*main.tensors()->Get(i), *model.buffers(), i));
    // Many tensors may name one buffer: a small file must not grow without bound in memory.
    data_bytes += tensor.data.size();
    if (data_bytes > limits.total_bytes)
      return Fail(Errc::kExhausted, "tflite: the tensors' data exceed the limit");
    graph.tensors.push_back(std::move(tensor));
  }
  for (flatbuffers::uoffset_t i = 0; i < main.operators()->size(); ++i) {
    MW_TRY(Op op, ToOp(*main.operators()->Get(i), *model.operator_codes(), i));
    graph.ops.push_back(std::move(op));
  }
  graph.inputs = ToVector(main.inputs());
  graph.outputs = ToVector(main.outputs());
  graph.description = ToString(model.description());
  return graph;
}

}  // namespace

Result<Graph> ReadTflite(std::span<const std::byte> bytes, const TfliteLimits& limits) {
  MW_TRY(CheckHeader(bytes, limits));
  // Generated accessors read fields in place and want the buffer aligned as the writer aligned it.
  const bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) % 16 == 0;
  std::vector<uint64_t> copy;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (!aligned) {
    copy.resize(bytes.size() / sizeof(uint64_t) + 1);
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    data = reinterpret_cast<const uint8_t*>(copy.data());
  }
  constexpr flatbuffers::uoffset_t kDepthMax = 16, kTablesMax = 1U << 18;
  flatbuffers::Verifier verifier(data, bytes.size(), kDepthMax, kTablesMax);
  if (!schema::VerifyModelBuffer(verifier))
    return Invalid("the flatbuffer is damaged (offsets or sizes do not fit)");
  MW_TRY(Graph graph, ToGraph(*schema::GetModel(data), limits));
  MW_TRY(CheckGraph(graph, limits));
  return graph;
}

}  // namespace millwright::model
