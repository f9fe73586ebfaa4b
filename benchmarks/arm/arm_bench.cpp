// What run.py runs under qemu and counts.
//
//   arm_bench make INPUTS UNITS STEPS FILE                writes a model of that shape
//   arm_bench run FILE KERNEL STREAMS THREADS TIMES       invokes it; prints a checksum
//   arm_bench steps KERNEL UNITS_MIN UNITS_MAX COUNT SEED random steps against the reference
//   arm_bench models FOLDER KERNEL                        TensorFlow Lite's recorded answers
//
// The last two print one JSON object.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/batch.h"
#include "nn/session.h"
#include "nn/testing/random_lstm.h"
#include "sample_model.h"
#include "shared_models.h"

namespace millwright::bench {
namespace {

using Arguments = std::span<const char* const>;

Result<size_t> Number(const char* text) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*text == 0 || *end != 0)
    return Fail(Errc::kInvalid, "'" + std::string(text) + "' is not a number");
  return static_cast<size_t>(value);
}

Result<void> Make(Arguments arguments) {
  MW_TRY(const size_t inputs, Number(arguments[0]));
  MW_TRY(const size_t units, Number(arguments[1]));
  MW_TRY(const size_t steps, Number(arguments[2]));
  MW_TRY(const std::vector<std::byte> bytes, MakeSampleModel({.inputs = static_cast<int>(inputs),
                                                              .units = static_cast<int>(units),
                                                              .steps = static_cast<int>(steps)}));
  std::ofstream file(arguments[3], std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) return Fail(Errc::kIo, std::string(arguments[3]) + ": cannot write it");
  return {};
}

Result<std::shared_ptr<const nn::Engine>> Load(const char* path, const char* kernel) {
  MW_TRY(const nn::KernelSet set, nn::ParseKernelSet(kernel));
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  return nn::Engine::Load(std::as_bytes(std::span(chars)), {.kernel_set = set});
}

Result<void> Run(Arguments arguments) {
  MW_TRY(const std::shared_ptr<const nn::Engine> engine, Load(arguments[0], arguments[1]));
  MW_TRY(const size_t streams, Number(arguments[2]));
  MW_TRY(const size_t threads, Number(arguments[3]));
  MW_TRY(const size_t times, Number(arguments[4]));
  nn::Batch batch(
      engine, {.sessions_max = static_cast<int>(streams), .threads = static_cast<int>(threads)});
  std::vector<nn::Session> sessions;
  std::vector<nn::Session*> ready;
  for (size_t s = 0; s < streams; ++s) sessions.emplace_back(engine);
  for (size_t s = 0; s < streams; ++s) {
    const auto input = sessions[s].Input();
    for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::byte>(i * 37 + s * 11);
    ready.push_back(&sessions[s]);
  }
  for (size_t i = 0; i < times; ++i) batch.Invoke(ready);
  unsigned sum = 0;
  for (const nn::Session& session : sessions) {
    for (const std::byte value : session.Output())
      sum = sum * 31 + std::to_integer<unsigned>(value);
  }
  std::printf("%u\n", sum);
  return {};
}

// Several streams, steps and calls to a layer, so that each comparison also crosses the borders
// between them; every other layer has extreme weights and scales.
Result<void> Steps(Arguments arguments) {
  MW_TRY(const nn::KernelSet set, nn::ParseKernelSet(arguments[0]));
  MW_TRY(const size_t units_min, Number(arguments[1]));
  MW_TRY(const size_t units_max, Number(arguments[2]));
  MW_TRY(const size_t count, Number(arguments[3]));
  MW_TRY(uint64_t seed, Number(arguments[4]));
  if (units_min < 1 || units_max < units_min)
    return Fail(Errc::kInvalid, "units from 1 on, the larger number last");
  size_t compared = 0, different = 0, layers = 0;
  for (; compared < count; ++seed, ++layers) {
    const size_t spread = units_max - units_min + 1;
    const nn::testing::RandomLstm layer({.seed = seed,
                                         .inputs = spread == 1 ? 64 : 1 + seed * 5 % 77,
                                         .units = units_min + seed * 11 % spread,
                                         .extreme = seed % 2 == 0});
    const nn::testing::RandomCallOptions call{.streams = 1 + seed % 9,
                                              .steps = 1 + seed * 3 % 23,
                                              .calls = 2,
                                              .threads = static_cast<int>(1 + seed / 2 % 2)};
    different += nn::testing::BytesDifferent(layer, set, call);
    compared += call.streams * call.steps * call.calls;
  }
  std::printf("{\"layers\": %zu, \"steps_compared\": %zu, \"bytes_different\": %zu}\n", layers,
              compared, different);
  return {};
}

Result<void> Models(Arguments arguments) {
  MW_TRY(const nn::KernelSet set, nn::ParseKernelSet(arguments[1]));
  MW_TRY(const SharedTotals totals, CompareSharedModels(arguments[0], set));
  std::printf(
      "{\"models\": %zu, \"unsupported\": %zu, \"bytes_compared\": %zu, \"bytes_different\": "
      "%zu}\n",
      totals.models, totals.unsupported, totals.bytes_compared, totals.bytes_different);
  return {};
}

struct Command {
  const char* name;
  size_t arguments;
  Result<void> (*run)(Arguments);
};

constexpr Command kCommands[] = {
    {"make", 4, Make},
    {"run", 5, Run},
    {"steps", 5, Steps},
    {"models", 2, Models},
};

int Main(Arguments arguments) {
  for (const Command& command : kCommands) {
    if (arguments.empty() || std::string(arguments[0]) != command.name) continue;
    if (arguments.size() - 1 != command.arguments) break;
    const Result<void> done = command.run(arguments.subspan(1));
    if (done) return 0;
    std::fprintf(stderr, "arm_bench: %s\n", done.error().what.c_str());
    return 1;
  }
  std::fprintf(stderr, "arm_bench: make, run, steps or models; see arm_bench.cpp\n");
  return 2;
}

}  // namespace
}  // namespace millwright::bench

int main(int argc, char** argv) {
  return millwright::bench::Main({argv + 1, static_cast<size_t>(argc - 1)});
}
