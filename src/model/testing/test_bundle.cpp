#include "model/testing/test_bundle.h"

#include <random>

#include "crypto/sha256.h"
#include "model/tflite.h"

namespace millwright::model {
namespace {

// The standard fixes mt19937's numbers but not the distributions'; tests want the same bytes
// everywhere.
class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}
  int32_t Between(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(engine_() % static_cast<uint32_t>(high - low + 1));
  }
  std::vector<int8_t> Weights(int count) {
    std::vector<int8_t> out(static_cast<size_t>(count));
    for (int8_t& w : out) w = static_cast<int8_t>(Between(-127, 127));
    return out;
  }
  std::vector<int32_t> Biases(int count, int32_t size) {
    std::vector<int32_t> out(static_cast<size_t>(count));
    for (int32_t& b : out) b = Between(-size, size);
    return out;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace

QuantizedClassifier MakeTestClassifier(const TestModelOptions& o) {
  Draw draw(o.seed);
  QuantizedLstm lstm{.units = o.units, .hidden_scale = 1.0F / 127, .hidden_zero_point = 2};
  for (size_t g = 0; g < kGates; ++g) {
    lstm.input_weights[g] = draw.Weights(o.units * o.features);
    lstm.recurrent_weights[g] = draw.Weights(o.units * o.units);
    lstm.biases[g] = draw.Biases(o.units, 2000);
    lstm.input_scales[g] = 0.004F;
    lstm.recurrent_scales[g] = 0.003F;
  }
  QuantizedDense dense{.classes = o.classes, .logits_scale = 0.04F, .logits_zero_point = -5};
  dense.weights = draw.Weights(o.classes * o.units);
  dense.scales.assign(static_cast<size_t>(o.classes), 0.01F);
  dense.biases = draw.Biases(o.classes, 1000);
  return {.steps = o.steps,
          .features = o.features,
          .input_scale = 0.0625F,
          .input_zero_point = -1,
          .layers = {lstm},
          .dense = dense,
          .description = "test model"};
}

Manifest MakeTestManifest() {
  Manifest m;
  m.name = "test-pump";
  m.version = "1";
  m.created = 1'795'000'000 * kSecond;
  m.classes = {{.code = "healthy", .name = "Healthy", .healthy = true},
               {.code = "outer_race", .name = "Outer race", .action = "Change the bearing."},
               {.code = "unbalance", .name = "Unbalance", .action = "Balance the rotor."}};
  m.schema.channels = {
      {.name = "vib", .unit = "m/s2", .kind = dsp::ChannelKind::kSamples, .rate_hz = 1000},
      {.name = "temperature", .unit = "degC", .rate_hz = 1}};
  m.schema.features = {
      {.name = "vib.rms", .channel = "vib", .kind = "rms", .params = {}},
      {.name = "vib.kurtosis", .channel = "vib", .kind = "kurtosis", .params = {}},
      {.name = "temperature.mean", .channel = "temperature", .kind = "mean", .params = {}}};
  m.schema.steps = 4;
  m.model.steps = 4;
  m.model.features = 3;
  m.model.sha256 = m.golden.sha256 = std::string(64, '0');
  m.golden.count = 2;
  m.standardiser = {.commissioning = 2 * kSecond,
                    .mean = {1, 3, 40},
                    .deviation = {0.1F, 0.5F, 2},
                    .deviation_floor = {0.01F, 0.1F, 0.5F}};
  m.decision = {.persistence = 2, .of = 3, .clear_after = 5};
  m.lineage = {
      .data_hash = std::string(64, '1'), .code_version = "test", .trainer = "test", .seed = 1};
  return m;
}

Result<void> WriteTestBundle(os::Files& files, const std::string& folder, Manifest manifest,
                             const TestModelOptions& options) {
  MW_TRY(const Graph graph, MakeGraph(MakeTestClassifier(options)));
  MW_TRY(const std::vector<std::byte> model, WriteTflite(graph));
  const size_t golden_bytes = static_cast<size_t>(manifest.golden.count) *
                              (static_cast<size_t>(manifest.model.steps * manifest.model.features) +
                               manifest.classes.size());
  const std::vector<std::byte> golden(golden_bytes);
  const std::string report = "<!doctype html><title>test</title>\n";
  manifest.model.sha256 = crypto::Sha256Hex(model);
  manifest.model.bytes = model.size();
  manifest.golden.sha256 = crypto::Sha256Hex(golden);
  manifest.files = {
      {.path = "report.html", .sha256 = crypto::Sha256Hex(report), .bytes = report.size()}};
  MW_TRY(files.MakeFolders(folder));
  MW_TRY(files.WriteFast(folder + "/" + manifest.model.file, model));
  MW_TRY(files.WriteFast(folder + "/" + manifest.golden.file, golden));
  MW_TRY(files.WriteFast(folder + "/report.html", os::AsBytes(report)));
  return files.WriteFast(folder + "/" + std::string(kManifestFile),
                         os::AsBytes(WriteManifest(manifest)));
}

}  // namespace millwright::model
