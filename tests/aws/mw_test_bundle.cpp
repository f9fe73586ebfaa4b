// mw-test-bundle FOLDER VERSION [wrong | readings WATCH_FROM]: a bundle that loads, of that
// version. Its golden vectors are what the engine answers; with "wrong" they are not. With
// "readings" it looks at a temperature and a pressure of 1 Hz each, says "outer_race" while the
// temperature is far above what is normal, and warns from that score on.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"
#include "model/testing/test_bundle.h"
#include "model/tflite.h"
#include "nn/session.h"
#include "os/files.h"
#include "trainer/quantize.h"

namespace millwright {
namespace {

Result<void> WriteGolden(os::Files& files, const std::string& folder, model::Manifest manifest) {
  MW_TRY(const os::Bytes file, files.Read(folder + "/" + manifest.model.file));
  MW_TRY(const auto engine, nn::Engine::Load(std::span<const std::byte>(file)));
  const size_t in = engine->input().elements(), out = engine->output().elements();
  const auto count = static_cast<size_t>(manifest.golden.count);
  std::vector<int8_t> inputs(count * in), outputs(count * out);
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<int8_t>(i * 53 % 211 - 105);
  nn::Session session(engine);
  for (size_t i = 0; i < count; ++i) {
    session.ResetState();
    session.Run(std::span(inputs).subspan(i * in, in), std::span(outputs).subspan(i * out, out));
  }
  inputs.insert(inputs.end(), outputs.begin(), outputs.end());
  const auto bytes = std::as_bytes(std::span(inputs));
  manifest.golden.sha256 = crypto::Sha256Hex(bytes);
  MW_TRY(files.WriteFast(folder + "/" + manifest.golden.file, bytes));
  return files.WriteFast(folder + "/" + std::string(model::kManifestFile),
                         os::AsBytes(model::WriteManifest(manifest)));
}

// A net of one unit that says "outer_race" while the first feature is far above what is normal:
// the cell is tanh(z - 4), nothing is remembered.
trainer::LstmNet HotNet(const model::Manifest& manifest) {
  const auto classes = manifest.classes.size(), features = manifest.schema.features.size();
  trainer::LstmLayer layer{.inputs = static_cast<int>(features), .units = 1};
  constexpr size_t kForget = 1, kCell = 2;
  for (size_t gate = 0; gate < model::kGates; ++gate) {
    layer.input_weights[gate].assign(features, 0);
    layer.recurrent_weights[gate].assign(1, 0.01F);
    layer.biases[gate].assign(1, gate == kForget ? -6.0F : 6.0F);
  }
  layer.input_weights[kCell][0] = 1;
  layer.biases[kCell][0] = -4;
  trainer::LstmNet net{.steps = manifest.schema.steps,
                       .features = static_cast<int>(features),
                       .classes = static_cast<int>(classes)};
  net.layers.push_back(std::move(layer));
  net.dense_weights.assign(classes, 0);
  net.dense_biases.assign(classes, -6);
  net.dense_weights[0] = -4;
  net.dense_weights[1] = 4;
  net.dense_biases[0] = net.dense_biases[1] = 0;
  return net;
}

Result<void> WriteHotModel(os::Files& files, const std::string& folder, model::Manifest& manifest) {
  const trainer::LstmNet net = HotNet(manifest);
  trainer::LstmRunner runner(net);
  trainer::Ranges ranges;
  std::vector<float> logits(static_cast<size_t>(net.classes));
  for (const float z : {-8.0F, 0.0F, 8.0F})
    runner.Run(std::vector<float>(static_cast<size_t>(net.steps * net.features), z), logits,
               &ranges);
  MW_TRY(const model::QuantizedClassifier quantized,
         trainer::Quantize(net, ranges, trainer::InputScale(manifest.schema.clip), 1));
  MW_TRY(const model::Graph graph, model::MakeGraph(quantized));
  MW_TRY(const std::vector<std::byte> bytes, model::WriteTflite(graph));
  manifest.model.sha256 = crypto::Sha256Hex(std::span<const std::byte>(bytes));
  manifest.model.bytes = bytes.size();
  return files.WriteFast(folder + "/" + manifest.model.file, bytes);
}

void TakeReadings(model::Manifest& manifest, double watch_from) {
  manifest.schema.channels = {{.name = "temperature", .unit = "degC", .rate_hz = 1},
                              {.name = "pressure", .unit = "bar", .rate_hz = 1}};
  manifest.schema.features = {
      {.name = "temperature.mean", .channel = "temperature", .kind = "mean", .params = {}},
      {.name = "temperature.last", .channel = "temperature", .kind = "last", .params = {}},
      {.name = "pressure.mean", .channel = "pressure", .kind = "mean", .params = {}}};
  manifest.schema.step = kSecond;
  manifest.standardiser.commissioning = 60 * kSecond;
  model::DecisionLimits& limits = manifest.decision;
  limits.watch_from = limits.warning_from = limits.act_from = limits.clear_below = watch_from;
}

Result<void> Write(const std::string& folder, const std::string& version, bool wrong,
                   const char* watch_from) {
  os::RealFiles real;
  os::Files& files = real;
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = version;
  if (watch_from != nullptr) TakeReadings(manifest, std::atof(watch_from));
  MW_TRY(files.MakeFolders(folder));
  MW_TRY(model::WriteTestBundle(files, folder, manifest));
  if (wrong) return {};
  MW_TRY(const os::Bytes text, files.Read(folder + "/" + std::string(model::kManifestFile)));
  MW_TRY(model::Manifest written, model::ReadManifest(text));
  if (watch_from != nullptr) MW_TRY(WriteHotModel(files, folder, written));
  return WriteGolden(files, folder, std::move(written));
}

}  // namespace
}  // namespace millwright

int main(int argc, char** argv) {
  const bool wrong = argc == 4 && std::string_view(argv[3]) == "wrong";
  const bool readings = argc == 5 && std::string_view(argv[3]) == "readings";
  if (argc != 3 && !wrong && !readings) {
    std::fprintf(stderr, "usage: %s FOLDER VERSION [wrong | readings WATCH_FROM]\n", argv[0]);
    return 2;
  }
  const auto written = millwright::Write(argv[1], argv[2], wrong, readings ? argv[4] : nullptr);
  if (written) return 0;
  std::fprintf(stderr, "%s\n", written.error().what.c_str());
  return 1;
}
