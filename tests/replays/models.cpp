#include "models.h"

#include <random>

#include "agent/testing/plant.h"
#include "model/tflite.h"
#include "trainer/lstm_net.h"
#include "trainer/quantize.h"

namespace millwright::replays {
namespace {

constexpr size_t kUnits = 24;
constexpr int kSteps = 8;
constexpr size_t kForget = 1, kCell = 2;

// mt19937's numbers are the standard's, its distributions are not.
class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}
  float Within(float size) {
    return size * (static_cast<float>(engine_() % 20'001) / 10'000.0F - 1.0F);
  }

 private:
  std::mt19937 engine_;
};

// Unit 0 is tanh(z - 4) of the vibration's rms, unit 1 of its kurtosis, the rest is drawn.
trainer::LstmNet Net(const model::Manifest& manifest, uint32_t seed) {
  Draw draw(seed);
  const size_t features = manifest.schema.features.size();
  const size_t classes = manifest.classes.size();
  trainer::LstmLayer layer{.inputs = static_cast<int>(features), .units = static_cast<int>(kUnits)};
  for (size_t gate = 0; gate < model::kGates; ++gate) {
    layer.input_weights[gate].resize(kUnits * features);
    layer.recurrent_weights[gate].resize(kUnits * kUnits);
    layer.biases[gate].resize(kUnits);
    for (float& w : layer.input_weights[gate]) w = draw.Within(0.4F);
    for (float& w : layer.recurrent_weights[gate]) w = draw.Within(0.3F);
    for (float& b : layer.biases[gate]) b = draw.Within(0.5F);
    for (size_t unit = 0; unit < 2; ++unit) {
      const size_t row = unit * features;
      for (size_t f = 0; f < features; ++f)
        layer.input_weights[gate][row + f] = gate == kCell && f == unit ? 1.0F : 0.0F;
      for (size_t u = 0; u < kUnits; ++u) layer.recurrent_weights[gate][unit * kUnits + u] = 0.01F;
      layer.biases[gate][unit] = gate == kForget ? -6.0F : gate == kCell ? -4.0F : 6.0F;
    }
  }
  trainer::LstmNet net{.steps = kSteps,
                       .features = static_cast<int>(features),
                       .classes = static_cast<int>(classes)};
  net.layers.push_back(std::move(layer));
  net.dense_weights.resize(classes * kUnits);
  for (float& w : net.dense_weights) w = draw.Within(0.25F);
  constexpr float kLoud[] = {-2, 1, 1}, kSharp[] = {0, 0.7F, -0.7F};
  for (size_t c = 0; c < classes; ++c) {
    net.dense_weights[c * kUnits] = kLoud[c];
    net.dense_weights[c * kUnits + 1] = kSharp[c];
  }
  net.dense_biases.assign(classes, 0);
  return net;
}

Result<std::vector<std::byte>> Quantized(const model::Manifest& manifest, uint32_t seed) {
  const trainer::LstmNet net = Net(manifest, seed);
  trainer::LstmRunner runner(net);
  trainer::Ranges ranges;
  Draw draw(seed + 1);
  std::vector<float> logits(static_cast<size_t>(net.classes));
  std::vector<float> window(static_cast<size_t>(net.steps * net.features));
  for (int i = 0; i < 200; ++i) {
    for (float& z : window) z = draw.Within(i % 2 == 0 ? 2.0F : 8.0F);
    runner.Run(window, logits, &ranges);
  }
  MW_TRY(const model::QuantizedClassifier quantized,
         trainer::Quantize(net, ranges, trainer::InputScale(manifest.schema.clip), 1));
  MW_TRY(const model::Graph graph, model::MakeGraph(quantized));
  return model::WriteTflite(graph);
}

}  // namespace

Result<void> WriteModel(os::Files& files, const std::string& folder, uint32_t seed) {
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = std::to_string(seed);
  manifest.schema.steps = manifest.model.steps = kSteps;
  MW_TRY(model::WriteTestBundle(files, folder, manifest));
  MW_TRY(const os::Bytes text, files.Read(folder + "/manifest.json"));
  MW_TRY(manifest, model::ReadManifest(text));
  MW_TRY(const std::vector<std::byte> bytes, Quantized(manifest, seed));
  manifest.model.sha256 = crypto::Sha256Hex(std::span<const std::byte>(bytes));
  manifest.model.bytes = bytes.size();
  MW_TRY(files.WriteFast(folder + "/" + manifest.model.file, bytes));
  MW_TRY(files.WriteFast(folder + "/manifest.json", os::AsBytes(model::WriteManifest(manifest))));
  return agent::testing::WriteGolden(files, folder);
}

}  // namespace millwright::replays
