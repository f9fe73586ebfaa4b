#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "model/tflite.h"
#include "model/tflite_generated.h"
#include "model/tflite_options.h"

namespace millwright::model {
namespace {

using FlatBuilder = flatbuffers::FlatBufferBuilder;
template <typename T>
using Offset = flatbuffers::Offset<T>;

Result<void> CheckWritable(const Graph& graph) {
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const std::string where = "tflite: op " + std::to_string(i) + " (" + OpName(op) + ")";
    if (!KeepsOptions(op.code))
      return Fail(Errc::kUnsupported, where + " cannot be written: its options are not kept");
    if (!HasOwnOptions(op))
      return Fail(Errc::kInvalid, where + " carries another operator's options");
  }
  return {};
}

// Operator codes and buffers are shared tables; both are filled in order of first use, so equal
// graphs give equal bytes.
class Writer {
 public:
  explicit Writer(const Graph& graph) : graph_(graph) {}

  std::vector<std::byte> Write() {
    buffers_.push_back(schema::CreateBuffer(fbb_));  // 0: the empty one, by convention
    std::vector<Offset<schema::Tensor>> tensors;
    for (const Tensor& tensor : graph_.tensors) tensors.push_back(AddTensor(tensor));
    std::vector<Offset<schema::Operator>> ops;
    for (const Op& op : graph_.ops) ops.push_back(AddOp(op));
    const auto subgraph = schema::CreateSubGraph(
        fbb_, fbb_.CreateVector(tensors), fbb_.CreateVector(graph_.inputs),
        fbb_.CreateVector(graph_.outputs), fbb_.CreateVector(ops), fbb_.CreateString("main"));
    const auto codes = fbb_.CreateVector(codes_);
    const auto subgraphs = fbb_.CreateVector(&subgraph, 1);
    const auto description = fbb_.CreateString(graph_.description);
    const auto buffers = fbb_.CreateVector(buffers_);
    schema::FinishModelBuffer(fbb_,
                              schema::CreateModel(fbb_, 3, codes, subgraphs, description, buffers));
    const auto* begin = reinterpret_cast<const std::byte*>(fbb_.GetBufferPointer());
    return {begin, begin + fbb_.GetSize()};
  }

 private:
  Offset<schema::Tensor> AddTensor(const Tensor& tensor) {
    const uint32_t buffer = AddBuffer(tensor);
    Offset<schema::QuantizationParameters> quantization = 0;
    if (!tensor.quantization.scales.empty()) {
      const auto scales = fbb_.CreateVector(tensor.quantization.scales);
      const auto zero_points = fbb_.CreateVector(tensor.quantization.zero_points);
      quantization = schema::CreateQuantizationParameters(fbb_, 0, 0, scales, zero_points,
                                                          schema::QuantizationDetails::NONE, 0,
                                                          tensor.quantization.axis);
    }
    const auto shape = fbb_.CreateVector(tensor.shape);
    const auto name = fbb_.CreateString(tensor.name);
    return schema::CreateTensor(fbb_, shape, static_cast<int8_t>(tensor.type), buffer, name,
                                quantization, tensor.is_variable, 0, 0, /*has_rank=*/true);
  }

  // Every computed tensor gets an empty buffer of its own, as TensorFlow's converter writes it.
  uint32_t AddBuffer(const Tensor& tensor) {
    if (tensor.data.empty()) {
      buffers_.push_back(schema::CreateBuffer(fbb_));
    } else {
      fbb_.ForceVectorAlignment(tensor.data.size(), 1, 16);
      const auto data = fbb_.CreateVector(reinterpret_cast<const uint8_t*>(tensor.data.data()),
                                          tensor.data.size());
      buffers_.push_back(schema::CreateBuffer(fbb_, data));
    }
    return static_cast<uint32_t>(buffers_.size() - 1);
  }

  uint32_t CodeIndex(const Op& op) {
    const auto key = std::make_pair(static_cast<int32_t>(op.code), op.version);
    const auto found = code_index_.find(key);
    if (found != code_index_.end()) return found->second;
    const auto index = static_cast<uint32_t>(codes_.size());
    // Readers from before 2020 know only the byte.
    codes_.push_back(schema::CreateOperatorCode(fbb_, static_cast<int8_t>(std::min(key.first, 127)),
                                                0, op.version, key.first));
    code_index_.emplace(key, index);
    return index;
  }

  Offset<schema::Operator> AddOp(const Op& op) {
    const uint32_t code = CodeIndex(op);
    const WrittenOptions options = WriteOptions(fbb_, op);
    std::vector<uint8_t> mutated;
    for (const int32_t input : op.inputs) {
      mutated.push_back(input >= 0 && graph_.tensors[static_cast<size_t>(input)].is_variable ? 1
                                                                                             : 0);
    }
    if (std::find(mutated.begin(), mutated.end(), 1) == mutated.end()) mutated.clear();
    const auto inputs = fbb_.CreateVector(op.inputs);
    const auto outputs = fbb_.CreateVector(op.outputs);
    const auto mutating = fbb_.CreateVector(mutated);
    const auto intermediates = fbb_.CreateVector(op.intermediates);
    return schema::CreateOperator(fbb_, code, inputs, outputs, options.type, options.offset, 0, 0,
                                  mutating, intermediates);
  }

  const Graph& graph_;
  FlatBuilder fbb_;
  std::vector<Offset<schema::Buffer>> buffers_;
  std::vector<Offset<schema::OperatorCode>> codes_;
  std::map<std::pair<int32_t, int32_t>, uint32_t> code_index_;
};

}  // namespace

Result<std::vector<std::byte>> WriteTflite(const Graph& graph) {
  MW_TRY(CheckGraph(graph));
  MW_TRY(CheckWritable(graph));
  return Writer(graph).Write();
}

}  // namespace millwright::model
