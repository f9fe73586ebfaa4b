#include "model_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "model/tflite.h"
#include "nn/session.h"
#include "os/files.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kModelBytesMax = size_t{64} << 20;
constexpr size_t kInputBytesMax = size_t{1} << 30;

struct RunOptions {
  std::string file, input, output;
  int tensor = -1;
  bool carry = false;
};

std::string TensorText(const nn::TensorInfo& info) {
  std::string text = std::string(model::Name(info.type)) + " " + model::ShapeText(info.shape);
  if (info.scale > 0) {
    char quantization[64];
    std::snprintf(quantization, sizeof quantization, ", scale %.9g, zero point %d",
                  static_cast<double>(info.scale), info.zero_point);
    text += quantization;
  }
  return text;
}

std::string TensorText(const model::Graph& graph, int32_t index) {
  if (index < 0) return "-";
  const model::Tensor& tensor = graph.tensors[static_cast<size_t>(index)];
  std::string text = std::to_string(index) + ":" + std::string(model::Name(tensor.type)) +
                     model::ShapeText(tensor.shape);
  if (tensor.quantization.scales.size() > 1)
    text += "/" + std::to_string(tensor.quantization.scales.size());
  return text;
}

void PrintGraph(const model::Graph& graph) {
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const model::Op& op = graph.ops[i];
    std::string line = "  op " + std::to_string(i) + "  " + model::OpName(op) + " v" +
                       std::to_string(op.version) + " ";
    for (const int32_t input : op.inputs) {
      if (input >= 0) line += " " + TensorText(graph, input);
    }
    line += " ->";
    for (const int32_t output : op.outputs) line += " " + TensorText(graph, output);
    std::printf("%s\n", line.c_str());
  }
}

void PrintTensors(const model::Graph& graph) {
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const model::Tensor& tensor = graph.tensors[i];
    std::string line = "  " + TensorText(graph, static_cast<int32_t>(i)) + "  " + tensor.name;
    if (!tensor.quantization.scales.empty()) {
      char text[96];
      std::snprintf(text, sizeof text, "  scale %.9g zero point %lld",
                    static_cast<double>(tensor.quantization.scales[0]),
                    static_cast<long long>(tensor.quantization.zero_points[0]));
      line += text;
    }
    if (tensor.is_variable) line += "  state";
    if (!tensor.data.empty()) line += "  constant";
    std::printf("%s\n", line.c_str());
  }
}

ordered_json Summary(const std::string& file, size_t file_bytes, const model::Graph& graph,
                     const Result<std::shared_ptr<const nn::Engine>>& engine) {
  ordered_json out;
  out["file"] = file;
  out["file_bytes"] = file_bytes;
  out["description"] = graph.description;
  out["operators"] = ordered_json::array();
  for (const model::Op& op : graph.ops) out["operators"].push_back(model::OpName(op));
  out["unsupported_operators"] = nn::UnsupportedOps(graph);
  out["tensors"] = graph.tensors.size();
  out["macs"] = model::MultiplyAccumulates(graph);
  if (engine) {
    out["inputs"] = ordered_json::array();
    out["outputs"] = ordered_json::array();
    for (int i = 0; i < (*engine)->input_count(); ++i)
      out["inputs"].push_back(TensorText((*engine)->input(i)));
    for (int i = 0; i < (*engine)->output_count(); ++i)
      out["outputs"].push_back(TensorText((*engine)->output(i)));
    out["weight_bytes"] = (*engine)->weight_bytes();
    out["session_bytes"] = (*engine)->session_bytes();
    out["state_bytes"] = (*engine)->state_bytes();
  } else {
    out["error"] = engine.error().what;
  }
  out["ok"] = engine.has_value();
  out["not_measured"] = ordered_json::array();
  return out;
}

void PrintSummary(const ordered_json& summary) {
  for (const auto& [key, value] : summary.items()) {
    if (key == "ok" || key == "not_measured" || key == "operators") continue;
    std::string text;
    if (value.is_array()) {
      for (const auto& item : value) text += (text.empty() ? "" : "; ") + item.get<std::string>();
    } else {
      text = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (!text.empty()) std::printf("%-22s %s\n", key.c_str(), text.c_str());
  }
}

void Inspect(const std::string& file, Context& context) {
  os::RealFiles files;
  const auto bytes = files.Read(file, kModelBytesMax);
  if (!bytes) return FailWith(context, bytes.error());
  const auto graph = model::ReadTflite(*bytes);
  if (!graph) return FailWith(context, graph.error());
  const auto engine = nn::Engine::Load(*graph);
  const ordered_json summary = Summary(file, bytes->size(), *graph, engine);
  context.exit_code = engine ? kOk : kFailure;
  if (context.json) {
    std::printf("%s\n",
                summary.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return;
  }
  PrintSummary(summary);
  std::printf("operators (tensor:type[shape], /n = n scales)\n");
  PrintGraph(*graph);
  std::printf("tensors\n");
  PrintTensors(*graph);
}

size_t InputBytes(const nn::Engine& engine) {
  size_t bytes = 0;
  for (int i = 0; i < engine.input_count(); ++i) bytes += engine.input(i).bytes;
  return bytes;
}

void Append(os::Bytes& all, std::span<const std::byte> bytes) {
  all.insert(all.end(), bytes.begin(), bytes.end());
}

// One record: all inputs in the file's order in, all outputs (or the one tensor asked for) out.
void RunOne(nn::Session& session, const std::byte* record, int tensor, os::Bytes& out) {
  for (int i = 0; i < session.engine().input_count(); ++i) {
    const std::span<std::byte> input = session.Input(i);
    std::memcpy(input.data(), record, input.size());
    record += input.size();
  }
  session.Invoke();
  if (tensor >= 0) return Append(out, session.TensorData(tensor));
  for (int i = 0; i < session.engine().output_count(); ++i) Append(out, session.Output(i));
}

Result<size_t> RunFile(const RunOptions& options) {
  os::RealFiles files;
  MW_TRY(const os::Bytes model, files.Read(options.file, kModelBytesMax));
  MW_TRY(const auto engine, nn::Engine::Load(model));
  MW_TRY(const os::Bytes input, files.Read(options.input, kInputBytesMax));
  const size_t record = InputBytes(*engine);
  if (input.empty() || input.size() % record != 0) {
    return Fail(Errc::kInvalid, options.input + ": " + std::to_string(input.size()) +
                                    " bytes; one run of this model takes " +
                                    std::to_string(record));
  }
  if (options.tensor >= static_cast<int>(engine->tensors().size())) {
    return Fail(Errc::kNotFound, "--tensor " + std::to_string(options.tensor) + ": the file has " +
                                     std::to_string(engine->tensors().size()) + " tensors");
  }
  nn::Session session(engine);
  os::Bytes out;
  for (size_t at = 0; at < input.size(); at += record) {
    if (!options.carry) session.ResetState();
    RunOne(session, input.data() + at, options.tensor, out);
  }
  MW_TRY(files.WriteFast(options.output, out));
  return input.size() / record;
}

void Run(const RunOptions& options, Context& context) {
  const Result<size_t> runs = RunFile(options);
  if (!runs) return FailWith(context, runs.error());
  if (context.json) {
    FlatJson json;
    json.Count("runs", *runs).Set("output", options.output).Set("carry", options.carry).Print();
    return;
  }
  std::printf("%zu runs, written to %s\n", *runs, options.output.c_str());
}

void AddInspect(CLI::App& group, Context& context) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command =
      group.add_subcommand("inspect", "Show a .tflite file: operators, tensors, scales, cost");
  command->add_option("FILE", *file, "The model")->required();
  command->callback([file, &context] { Inspect(*file, context); });
}

void AddRun(CLI::App& group, Context& context) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = group.add_subcommand(
      "run", "Run a .tflite file on raw tensors, bit for bit as TensorFlow Lite");
  command->add_option("FILE", options->file, "The model")->required();
  command
      ->add_option("--input", options->input,
                   "Raw input tensors in the file's own types, one run after another")
      ->required();
  command->add_option("--output", options->output, "Where the raw output tensors go")->required();
  command->add_flag("--carry", options->carry,
                    "Keep the state from run to run (default: reset before each)");
  command
      ->add_option("--tensor", options->tensor,
                   "Write this tensor's content instead of the outputs")
      ->check(CLI::NonNegativeNumber);
  command->callback([options, &context] { Run(*options, context); });
}

}  // namespace

void AddModelCommands(CLI::App& app, Context& context) {
  CLI::App* group = app.add_subcommand(
      "model",
      "Look into a model file or run it.\n\nExamples\n"
      "  millwright model inspect model.tflite\n"
      "  millwright model run model.tflite --input in.bin --output out.bin --carry\n");
  group->group("Models");
  group->require_subcommand(1);
  AddInspect(*group, context);
  AddRun(*group, context);
}

}  // namespace millwright::cli
