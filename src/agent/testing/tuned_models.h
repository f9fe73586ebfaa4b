// Models whose confidence a test knows: what they say about a machine that runs as it should, and
// about one that is loud.
#pragma once

#include <cmath>
#include <string>

#include "agent/testing/plant.h"
#include "model/lstm_classifier.h"
#include "model/tflite.h"
#include "nn/session.h"

namespace millwright::agent::testing {

/// `logit` of the healthy class above the two others, whatever the input: 3 is a confidence of
/// 0.91, 1.5 of 0.69; below 0 another class wins.
inline model::QuantizedClassifier Steady(double logit, float scale = 0.01F) {
  model::QuantizedClassifier made = model::MakeTestClassifier();
  std::fill(made.dense.scales.begin(), made.dense.scales.end(), scale);
  std::fill(made.dense.weights.begin(), made.dense.weights.end(), int8_t{0});
  const double unit =
      static_cast<double>(made.layers[0].hidden_scale) * static_cast<double>(made.dense.scales[0]);
  made.dense.biases = {static_cast<int32_t>(logit / unit), 0, 0};
  return made;
}

/// Probability of the healthy class where the two features of the vibration stand at so many
/// deviations all the time.
inline float HealthyAt(const model::QuantizedClassifier& classifier, float rms, float kurtosis) {
  const auto bytes = model::WriteTflite(*model::MakeGraph(classifier));
  const auto engine = nn::Engine::Load(std::span<const std::byte>(*bytes));
  nn::Session session(*engine);
  std::vector<int8_t> window((*engine)->input().elements(),
                             static_cast<int8_t>(classifier.input_zero_point));
  for (size_t i = 0; i < window.size(); i += static_cast<size_t>(classifier.features)) {
    window[i] = static_cast<int8_t>(std::lround(rms / classifier.input_scale) - 1);
    window[i + 1] = static_cast<int8_t>(std::lround(kurtosis / classifier.input_scale) - 1);
  }
  std::vector<int8_t> out((*engine)->output().elements());
  session.Run(window, out);
  return static_cast<float>(out[0] - (*engine)->output().zero_point) * (*engine)->output().scale;
}

/// As sure as Steady(3.5) while all is quiet, and unsure about a loud machine, whatever the form of
/// its noise.
inline model::QuantizedClassifier TwoFaced() {
  constexpr float kScale = 0.06F;
  model::QuantizedClassifier best = Steady(3.5);
  float fall = 0;
  for (size_t unit = 0; unit < 8; ++unit) {
    for (const int8_t weight : {int8_t{-127}, int8_t{127}}) {
      model::QuantizedClassifier tried = Steady(0, kScale);
      tried.dense.weights[unit] = weight;
      const float before = HealthyAt(tried, 0, 0);
      // Lifted to where it is sure on quiet machines.
      const double lift = 3.5 - std::log(static_cast<double>(2 * before / (1 - before)));
      tried.dense.biases[0] = Steady(lift, kScale).dense.biases[0];
      const float quiet = HealthyAt(tried, 0, 0);
      float loud = 0;
      for (const float kurtosis : {-7.0F, -3.0F, 0.0F, 3.0F, 7.0F})
        loud = std::max(loud, HealthyAt(tried, 7, kurtosis));
      if (quiet < 0.93F || quiet - loud <= fall) continue;
      fall = quiet - loud;
      best = tried;
    }
  }
  EXPECT_GT(fall, 0.1F);
  return best;
}

/// A whole bundle of it.
inline Result<void> WriteTuned(os::Files& files, const std::string& folder,
                               const std::string& version,
                               const model::QuantizedClassifier& classifier) {
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = version;
  MW_TRY(model::WriteTestBundle(files, folder, manifest));
  MW_TRY(const os::Bytes text, files.Read(folder + "/manifest.json"));
  MW_TRY(manifest, model::ReadManifest(text));
  MW_TRY(const model::Graph graph, model::MakeGraph(classifier));
  MW_TRY(const os::Bytes bytes, model::WriteTflite(graph));
  manifest.model.sha256 = crypto::Sha256Hex(std::span<const std::byte>(bytes));
  manifest.model.bytes = bytes.size();
  MW_TRY(files.WriteFast(folder + "/" + manifest.model.file, bytes));
  MW_TRY(files.WriteFast(folder + "/manifest.json", os::AsBytes(model::WriteManifest(manifest))));
  return WriteGolden(files, folder);
}

}  // namespace millwright::agent::testing
