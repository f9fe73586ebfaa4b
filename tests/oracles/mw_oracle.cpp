// The engine's side of the comparison with TensorFlow Lite: writes random models, and runs a model
// with every operator's output and every state shown.
//
//   mw-oracle generate SEED FILE                one random model: stacked LSTMs and heads
//   mw-oracle generate-ops SEED FILE            one random chain of all other operators and
//   variants mw-oracle run FILE INPUT OUTPUT [carry]     per run: all operators' outputs in order,
//   then all
//                                               state tensors
//   mw-oracle tensor FILE INPUT OUTPUT N [carry]  per run: tensor N, or the model's output for -1
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "model/testing/random_model.h"
#include "model/testing/random_ops.h"
#include "model/tflite.h"
#include "nn/session.h"
#include "os/files.h"

namespace millwright {
namespace {

constexpr size_t kModelBytesMax = size_t{64} << 20;
constexpr size_t kInputBytesMax = size_t{1} << 30;

Result<void> Generate(const model::Graph& graph, const std::string& path) {
  os::RealFiles files;
  MW_TRY(const auto bytes, model::WriteTflite(graph));
  return files.WriteFast(path, bytes);
}

constexpr int kEverything = -2, kOutput = -1;

struct RunPlan {
  std::string model, input, output;
  int tensor = kEverything;
  bool carry = false;
};

void RunOne(nn::Session& session, const std::byte* record, int tensor_wanted, os::Bytes& out) {
  const nn::Engine& engine = session.engine();
  for (int i = 0; i < engine.input_count(); ++i) {
    const auto input = session.Input(i);
    std::memcpy(input.data(), record, input.size());
    record += input.size();
  }
  session.Invoke();
  const auto append = [&](int tensor) {
    const auto bytes = session.TensorData(tensor);
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  if (tensor_wanted != kEverything)
    return append(tensor_wanted == kOutput ? engine.graph().outputs[0] : tensor_wanted);
  for (const model::Op& op : engine.graph().ops) {
    for (const int32_t output : op.outputs) append(output);
  }
  for (size_t i = 0; i < engine.tensors().size(); ++i) {
    if (engine.tensors()[i].is_state) append(static_cast<int>(i));
  }
}

Result<void> Run(const RunPlan& plan) {
  os::RealFiles files;
  MW_TRY(const os::Bytes model, files.Read(plan.model, kModelBytesMax));
  MW_TRY(const auto engine, nn::Engine::Load(model));
  MW_TRY(const os::Bytes input, files.Read(plan.input, kInputBytesMax));
  size_t record = 0;
  for (int i = 0; i < engine->input_count(); ++i) record += engine->input(i).bytes;
  if (input.size() % record != 0)
    return Fail(Errc::kInvalid, plan.input + ": not a whole number of runs");
  if (plan.tensor >= static_cast<int>(engine->tensors().size()))
    return Fail(Errc::kNotFound, "no such tensor");
  nn::Session session(engine);
  os::Bytes out;
  for (size_t at = 0; at < input.size(); at += record) {
    if (!plan.carry) session.ResetState();
    RunOne(session, input.data() + at, plan.tensor, out);
  }
  return files.WriteFast(plan.output, out);
}

Result<void> Main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (argc == 4 && (verb == "generate" || verb == "generate-ops")) {
    const uint64_t seed = std::strtoull(argv[2], nullptr, 10);
    return Generate(verb == "generate" ? model::testing::RandomModel({.seed = seed})
                                       : model::testing::RandomOps({.seed = seed}),
                    argv[3]);
  }
  const bool one = verb == "tensor";
  const int words = one ? 6 : 5;
  if ((verb == "run" || one) && argc >= words) {
    return Run({.model = argv[2],
                .input = argv[3],
                .output = argv[4],
                .tensor = one ? std::atoi(argv[5]) : kEverything,
                .carry = argc > words && std::string(argv[words]) == "carry"});
  }
  return Fail(Errc::kInvalid,
              "usage: mw-oracle generate SEED FILE | generate-ops SEED FILE | run FILE INPUT "
              "OUTPUT [carry] | "
              "tensor FILE INPUT OUTPUT N [carry]");
}

}  // namespace
}  // namespace millwright

int main(int argc, char** argv) {
  const auto done = millwright::Main(argc, argv);
  if (done) return 0;
  std::fprintf(stderr, "mw-oracle: %s\n", done.error().what.c_str());
  // 3: well-formed but unsupported, which the comparison counts and names.
  return done.error().code == millwright::Errc::kUnsupported ? 3 : 1;
}
