#include "model_run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "model_io.h"
#include "nn/tflite_library.h"
#include "output.h"

namespace millwright::cli {
namespace {

constexpr size_t kInputBytesMax = size_t{1} << 30;

struct RunOptions {
  std::string file, input, output, tflite_library;
  EngineChoice engine;
  int tensor = -1;
  bool carry = false;
};

struct RunReport {
  size_t runs = 0;
  std::string backend;  // the kernel set's name, or "tflite"
};

// Run r of part p is run `Start(p) + r` of the input; the first parts are one longer where it does
// not divide.
struct Parts {
  size_t runs, count;
  [[nodiscard]] size_t Start(size_t part) const {
    return runs / count * part + std::min(part, runs % count);
  }
  [[nodiscard]] size_t Length(size_t part) const { return Start(part + 1) - Start(part); }
};

Result<RunReport> RunEngine(const RunOptions& options,
                            const std::shared_ptr<const nn::Engine>& engine,
                            std::span<const std::byte> input, os::Bytes& out) {
  const size_t in_bytes = InputRecordBytes(*engine);
  MW_TRY(const size_t runs, CountRuns(options.input, input.size(), in_bytes));
  if (options.tensor >= static_cast<int>(engine->tensors().size())) {
    return Fail(Errc::kNotFound, "--tensor " + std::to_string(options.tensor) + ": the file has " +
                                     std::to_string(engine->tensors().size()) + " tensors");
  }
  const size_t out_bytes = options.tensor < 0
                               ? OutputRecordBytes(*engine)
                               : engine->tensors()[static_cast<size_t>(options.tensor)].bytes;
  EngineChoice choice = options.engine;
  choice.streams = static_cast<int>(std::min<size_t>(static_cast<size_t>(choice.streams), runs));
  Streams streams(engine, choice);
  const Parts parts{runs, streams.count()};
  out.resize(runs * out_bytes);
  for (size_t step = 0; step < parts.Length(0); ++step) {
    size_t ready = 0;  // the longer parts come first
    for (; ready < streams.count() && step < parts.Length(ready); ++ready) {
      if (!options.carry) streams[ready].ResetState();
      SetInputs(streams[ready], input.subspan((parts.Start(ready) + step) * in_bytes, in_bytes));
    }
    streams.Invoke(ready);
    for (size_t i = 0; i < ready; ++i) {
      const auto record = std::span(out).subspan((parts.Start(i) + step) * out_bytes, out_bytes);
      if (options.tensor < 0) {
        CopyOutputs(streams[i], record);
      } else {
        std::ranges::copy(streams[i].TensorData(options.tensor), record.begin());
      }
    }
  }
  return RunReport{runs, std::string(nn::Name(engine->kernel_set()))};
}

// The user's own TensorFlow Lite, for models with operators that the engine does not run.
Result<RunReport> RunLibrary(const RunOptions& options, std::span<const std::byte> model,
                             std::span<const std::byte> input, os::Bytes& out) {
  if (options.tensor >= 0)
    return Fail(Errc::kUnsupported, "--tensor: TensorFlow Lite's C library shows outputs only");
  MW_TRY(const auto library, nn::TfliteLibrary::Open(options.tflite_library));
  MW_TRY(const auto session, library->Load(model, {.threads = options.engine.threads}));
  MW_TRY(const size_t runs, CountRuns(options.input, input.size(), session->input_bytes()));
  out.resize(runs * session->output_bytes());
  for (size_t run = 0; run < runs; ++run) {
    if (!options.carry) MW_TRY(session->ResetState());
    MW_TRY(session->Run(
        input.subspan(run * session->input_bytes(), session->input_bytes()),
        std::span(out).subspan(run * session->output_bytes(), session->output_bytes())));
  }
  return RunReport{runs, "tflite"};
}

Result<RunReport> RunFile(const RunOptions& options) {
  os::RealFiles files;
  MW_TRY(const os::Bytes model, ReadModelFile(options.file));
  MW_TRY(const os::Bytes input, files.Read(options.input, kInputBytesMax));
  const auto engine = LoadEngine(model, options.engine.kernel);
  const bool lacks_operators = !engine && engine.error().code == Errc::kUnsupported;
  os::Bytes out;
  RunReport report;
  if (lacks_operators && !options.tflite_library.empty()) {
    MW_TRY(report, RunLibrary(options, model, input, out));
  } else {
    if (!engine) return tl::unexpected<Error>(engine.error());
    MW_TRY(report, RunEngine(options, *engine, input, out));
  }
  MW_TRY(files.WriteFast(options.output, out));
  return report;
}

void Run(const RunOptions& options, Context& context) {
  const Result<RunReport> report = RunFile(options);
  if (!report) return FailWith(context, report.error());
  if (context.json) {
    FlatJson json;
    json.Count("runs", report->runs).Set("output", options.output).Set("carry", options.carry);
    json.Set("kernel", report->backend).Print();
    return;
  }
  std::printf("%zu runs (%s), written to %s\n", report->runs, report->backend.c_str(),
              options.output.c_str());
}

}  // namespace

void AddModelRun(CLI::App& group, Context& context) {
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
  AddEngineOptions(*command, options->engine,
                   "Split the input into so many consecutive parts, run side by side, each with a "
                   "state of its own");
  command->add_option("--tflite-library", options->tflite_library,
                      "Your libtensorflowlite_c.so, for models with operators that are not built "
                      "in");
  command->callback([options, &context] { Run(*options, context); });
}

}  // namespace millwright::cli
