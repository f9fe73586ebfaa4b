#include "model_inspect.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "model/tflite.h"
#include "model_io.h"
#include "nn/cost_model.h"
#include "output.h"

namespace millwright::cli {
namespace {

std::string TensorText(const model::Graph& graph, int32_t index) {
  const model::Tensor& tensor = graph.tensors[static_cast<size_t>(index)];
  std::string text = std::to_string(index) + ":" + std::string(model::Name(tensor.type)) +
                     model::ShapeText(tensor.shape);
  const size_t scales = tensor.quantization.scales.size();
  if (scales > 1) text += "/" + std::to_string(scales);
  return text;
}

// "int8 [1,64,8], scale 0.0172, zero point -4": an edge of the model.
std::string EdgeText(const model::Graph& graph, int32_t index) {
  const model::Tensor& tensor = graph.tensors[static_cast<size_t>(index)];
  std::string text = std::string(model::Name(tensor.type)) + " " + model::ShapeText(tensor.shape);
  if (tensor.quantization.scales.size() == 1) {
    char quantization[64];
    std::snprintf(quantization, sizeof quantization, ", scale %.9g, zero point %lld",
                  static_cast<double>(tensor.quantization.scales[0]),
                  static_cast<long long>(tensor.quantization.zero_points[0]));
    text += quantization;
  }
  return text;
}

// Computed tensors; what is constant is counted in bytes and listed below.
std::string ListText(const model::Graph& graph, const std::vector<int32_t>& list) {
  std::string text;
  for (const int32_t index : list) {
    if (index < 0 || !graph.tensors[static_cast<size_t>(index)].data.empty()) continue;
    text += (text.empty() ? "" : " ") + TensorText(graph, index);
  }
  return text;
}

// Constants that an operator reads.
size_t ConstantBytes(const model::Graph& graph, const model::Op& op) {
  size_t bytes = 0;
  for (const int32_t index : op.inputs) {
    if (index >= 0) bytes += graph.tensors[static_cast<size_t>(index)].data.size();
  }
  return bytes;
}

bool IsUnsupported(const std::vector<std::string>& unsupported, const model::Op& op) {
  return std::ranges::find(unsupported, model::OpName(op)) != unsupported.end();
}

void PrintOps(const model::Graph& graph, const std::vector<std::string>& unsupported, bool color) {
  TextTable table({"op", "operator", "MACs", "bytes", "inputs", "outputs"});
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const model::Op& op = graph.ops[i];
    const bool refused = IsUnsupported(unsupported, op);
    const int64_t macs = model::MultiplyAccumulates(graph, op);
    table.Add(
        {{std::to_string(i)},
         {model::OpName(op) + " v" + std::to_string(op.version) + (refused ? " (unsupported)" : ""),
          refused ? Tone::kBad : Tone::kPlain},
         {macs == 0 ? "-" : std::to_string(macs)},
         {std::to_string(ConstantBytes(graph, op))},
         {ListText(graph, op.inputs)},
         {ListText(graph, op.outputs)}});
  }
  std::printf("\n%s", table.Text(color).c_str());
}

void PrintTensors(const model::Graph& graph, bool color) {
  TextTable table({"tensor", "scale", "zero point", "bytes", "", "name"});
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const model::Tensor& tensor = graph.tensors[i];
    char scale[32] = "-";
    if (!tensor.quantization.scales.empty()) {
      std::snprintf(scale, sizeof scale, "%.9g",
                    static_cast<double>(tensor.quantization.scales[0]));
    }
    table.Add({{TensorText(graph, static_cast<int32_t>(i))},
               {scale},
               {tensor.quantization.zero_points.empty()
                    ? "-"
                    : std::to_string(tensor.quantization.zero_points[0])},
               {std::to_string(model::ByteCount(tensor))},
               {tensor.is_variable    ? "state"
                : tensor.data.empty() ? ""
                                      : "constant"},
               {tensor.name}});
  }
  std::printf("\ntensors (number:type[shape], /n: n scales, of which the first is shown)\n%s",
              table.Text(color).c_str());
}

FlatJson Summary(const std::string& file, size_t file_bytes, const model::Graph& graph,
                 const Result<std::shared_ptr<const nn::Engine>>& engine) {
  std::vector<std::string> operators, inputs, outputs;
  std::vector<int64_t> macs, bytes;
  for (const model::Op& op : graph.ops) {
    operators.push_back(model::OpName(op));
    macs.push_back(model::MultiplyAccumulates(graph, op));
    bytes.push_back(static_cast<int64_t>(ConstantBytes(graph, op)));
  }
  for (const int32_t index : graph.inputs) inputs.push_back(EdgeText(graph, index));
  for (const int32_t index : graph.outputs) outputs.push_back(EdgeText(graph, index));
  FlatJson json;
  json.Set("file", file).Count("file_bytes", file_bytes).Set("description", graph.description);
  json.Set("operators", operators).Set("operator_macs", macs).Set("operator_bytes", bytes);
  json.Set("unsupported_operators", nn::UnsupportedOps(graph));
  json.Count("tensors", graph.tensors.size());
  json.Set("macs", model::MultiplyAccumulates(graph));
  json.Set("inputs", inputs).Set("outputs", outputs);
  if (engine) {
    json.Set("kernel", nn::Name((*engine)->kernel_set()));
    json.Count("weight_bytes", (*engine)->weight_bytes());
    json.Count("session_bytes", (*engine)->session_bytes());
    json.Count("state_bytes", (*engine)->state_bytes());
    for (const nn::Board& board : nn::kBoards)
      json.Set("predicted_ms_" + std::string(board.name), nn::PredictedMs(graph, board));
  } else {
    json.Set("error", engine.error().what);
  }
  json.Set("ok", engine.has_value());
  return json;
}

void PrintSummary(const std::string& file, size_t file_bytes, const model::Graph& graph,
                  const Result<std::shared_ptr<const nn::Engine>>& engine) {
  std::printf("%s: %zu bytes, %zu operators, %zu tensors, %lld multiply-accumulates a run\n",
              file.c_str(), file_bytes, graph.ops.size(), graph.tensors.size(),
              static_cast<long long>(model::MultiplyAccumulates(graph)));
  for (const int32_t index : graph.inputs)
    std::printf("input   %s\n", EdgeText(graph, index).c_str());
  for (const int32_t index : graph.outputs)
    std::printf("output  %s\n", EdgeText(graph, index).c_str());
  if (engine) {
    std::printf(
        "runs here with %s: %zu weight bytes a run, %zu bytes a session, %zu of them state\n",
        std::string(nn::Name((*engine)->kernel_set())).c_str(), (*engine)->weight_bytes(),
        (*engine)->session_bytes(), (*engine)->state_bytes());
    std::printf("predicted, one thread: %.3g ms on a Raspberry Pi 4, %.3g ms on a Jetson Nano\n",
                nn::PredictedMs(graph, nn::kRaspberryPi4), nn::PredictedMs(graph, nn::kJetsonNano));
  } else {
    std::printf("does not run here: %s\n", engine.error().what.c_str());
  }
}

void Inspect(const std::string& file, Context& context) {
  const auto bytes = ReadModelFile(file);
  if (!bytes) return FailWith(context, bytes.error());
  const auto graph = model::ReadTflite(*bytes);
  if (!graph) return FailWith(context, graph.error());
  const auto engine = nn::Engine::Load(*graph);
  context.exit_code = engine ? kOk : kFailure;
  if (context.json) return Summary(file, bytes->size(), *graph, engine).Print();
  PrintSummary(file, bytes->size(), *graph, engine);
  PrintOps(*graph, nn::UnsupportedOps(*graph), context.color);
  PrintTensors(*graph, context.color);
}

}  // namespace

void AddModelInspect(CLI::App& group, Context& context) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(
      "inspect", "Show a .tflite file: operators, shapes, scales, bytes, multiply-accumulates");
  command->add_option("FILE", *file, "The model")->required();
  command->callback([file, &context] { Inspect(*file, context); });
}

}  // namespace millwright::cli
