#include "model_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "model_io.h"
#include "os/clock.h"
#include "output.h"

namespace millwright::cli {
namespace {

struct BenchOptions {
  std::string file;
  EngineChoice engine;
  int repetitions = 40;
};

// One kernel set's turn: all streams, one window each.
struct Contender {
  std::string kernel;
  std::shared_ptr<const nn::Engine> engine;
  std::unique_ptr<Streams> streams;
  std::vector<Nanos> laps;
};

// Time steps of one window: of the first LSTM; 1 in a model without one.
size_t StepsOf(const model::Graph& graph) {
  for (const model::Op& op : graph.ops) {
    const auto* options = std::get_if<model::LstmOptions>(&op.options);
    if (options == nullptr || op.inputs.empty() || op.inputs[0] < 0) continue;
    const auto& shape = graph.tensors[static_cast<size_t>(op.inputs[0])].shape;
    if (shape.size() == 3) return static_cast<size_t>(shape[options->time_major ? 0 : 1]);
  }
  return 1;
}

// Something that keeps gates busy; what it is does not change the time.
void FillInputs(nn::Session& session) {
  uint32_t state = 1;
  for (int i = 0; i < session.engine().input_count(); ++i) {
    if (session.engine().input(i).type == model::TensorType::kFloat32) continue;  // zeros
    for (std::byte& byte : session.Input(i)) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<std::byte>(state >> 24);
    }
  }
}

Result<std::vector<Contender>> MakeContenders(const BenchOptions& options) {
  MW_TRY(const os::Bytes model, ReadModelFile(options.file));
  std::vector<std::string> kernels{options.engine.kernel};
  if (options.engine.kernel.empty()) {
    kernels.clear();
    for (const nn::KernelSet set : nn::AvailableKernelSets()) kernels.emplace_back(nn::Name(set));
  }
  std::vector<Contender> contenders;
  for (const std::string& kernel : kernels) {
    MW_TRY(auto engine, LoadEngine(model, kernel));
    auto streams = std::make_unique<Streams>(engine, options.engine);
    for (size_t i = 0; i < streams->count(); ++i) FillInputs((*streams)[i]);
    contenders.push_back({kernel, std::move(engine), std::move(streams), {}});
  }
  return contenders;
}

// In turn, so that what else the machine does falls on all alike; the first lap warms up.
void Race(std::vector<Contender>& contenders, int repetitions) {
  os::RealClock clock;
  for (int lap = 0; lap <= repetitions; ++lap) {
    for (Contender& contender : contenders) {
      const size_t count = contender.streams->count();
      for (size_t i = 0; i < count; ++i) (*contender.streams)[i].ResetState();
      const Nanos start = clock.Monotonic();
      contender.streams->Invoke(count);
      if (lap > 0) contender.laps.push_back(clock.Monotonic() - start);
    }
  }
  for (Contender& contender : contenders) std::ranges::sort(contender.laps);
}

struct Figures {
  double window_ms = 0, best_ms = 0, step_ms = 0, macs_per_second = 0;
};

Figures FiguresOf(const Contender& contender) {
  const auto streams = static_cast<double>(contender.streams->count());
  const double median = static_cast<double>(contender.laps[contender.laps.size() / 2]) / streams;
  const nn::Engine& engine = *contender.engine;
  return {.window_ms = median * 1e-6,
          .best_ms = static_cast<double>(contender.laps.front()) / streams * 1e-6,
          .step_ms = median * 1e-6 / static_cast<double>(StepsOf(engine.graph())),
          .macs_per_second = static_cast<double>(engine.multiply_accumulates()) / median * 1e9};
}

void PrintJson(const BenchOptions& options, const std::vector<Contender>& contenders) {
  std::vector<std::string> kernels;
  std::vector<double> windows, bests, steps, macs;
  for (const Contender& contender : contenders) {
    const Figures figures = FiguresOf(contender);
    kernels.push_back(contender.kernel);
    windows.push_back(figures.window_ms);
    bests.push_back(figures.best_ms);
    steps.push_back(figures.step_ms);
    macs.push_back(figures.macs_per_second);
  }
  const nn::Engine& engine = *contenders.back().engine;
  FlatJson json;
  json.Set("file", options.file).Set("kernel", kernels.back());
  json.Set("ms_per_window", windows.back()).Set("ms_per_step", steps.back());
  json.Set("macs_per_second", macs.back());
  json.Set("kernels", kernels).Set("kernel_ms_per_window", windows);
  json.Set("kernel_ms_per_window_best", bests).Set("kernel_ms_per_step", steps);
  json.Set("kernel_macs_per_second", macs);
  json.Count("steps", StepsOf(engine.graph())).Set("macs", engine.multiply_accumulates());
  json.Count("weight_bytes", engine.weight_bytes()).Count("session_bytes", engine.session_bytes());
  json.Count("threads", static_cast<uint64_t>(options.engine.threads));
  json.Count("streams", static_cast<uint64_t>(options.engine.streams));
  json.Count("repetitions", static_cast<uint64_t>(options.repetitions)).Print();
}

std::string Number(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

void PrintTable(const BenchOptions& options, const std::vector<Contender>& contenders, bool color) {
  TextTable table({"kernel", "ms a window", "best", "ms a step", "GMAC/s"});
  for (const Contender& contender : contenders) {
    const Figures figures = FiguresOf(contender);
    table.Add({{contender.kernel},
               {Number(figures.window_ms, "%.4f")},
               {Number(figures.best_ms, "%.4f")},
               {Number(figures.step_ms, "%.5f")},
               {Number(figures.macs_per_second * 1e-9, "%.2f")}});
  }
  const nn::Engine& engine = *contenders.back().engine;
  std::printf("%s: %lld multiply-accumulates and %zu weight bytes a window of %zu steps\n%s",
              options.file.c_str(), static_cast<long long>(engine.multiply_accumulates()),
              engine.weight_bytes(), StepsOf(engine.graph()), table.Text(color).c_str());
  std::printf(
      "medians of %d interleaved repetitions; %d threads, %d streams (times are per "
      "stream)\n",
      options.repetitions, options.engine.threads, options.engine.streams);
}

void Bench(const BenchOptions& options, Context& context) {
  auto contenders = MakeContenders(options);
  if (!contenders) return FailWith(context, contenders.error());
  Race(*contenders, options.repetitions);
  if (context.json) return PrintJson(options, *contenders);
  PrintTable(options, *contenders, context.color);
}

}  // namespace

void AddModelBench(CLI::App& group, Context& context) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = group.add_subcommand(
      "bench", "Measure how fast a .tflite file runs here, each kernel in turn");
  command->add_option("FILE", options->file, "The model")->required();
  AddEngineOptions(*command, options->engine, "Windows run side by side, in one weight pass");
  command->add_option("--repetitions", options->repetitions, "Timed runs of each kernel")
      ->check(CLI::Range(1, 100000));
  command->callback([options, &context] { Bench(*options, context); });
}

}  // namespace millwright::cli
