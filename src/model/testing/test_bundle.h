// A small, good bundle for tests: readings of two channels, a random LSTM, golden vectors of its
// own shape.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "model/lstm_classifier.h"
#include "model/manifest.h"

namespace millwright::model {

struct TestModelOptions {
  int steps = 4;
  int features = 3;
  int units = 8;
  int classes = 3;
  uint32_t seed = 1;
};

/// Weights drawn from the seed; every scale is one that a trained model could have.
[[nodiscard]] QuantizedClassifier MakeTestClassifier(const TestModelOptions& options = {});

/// Channels "vib" (samples, 1 kHz) and "temperature" (1 Hz), features of both, classes healthy,
/// outer_race, unbalance. Its model and golden fields hold placeholders until WriteTestBundle fills
/// them in.
[[nodiscard]] Manifest MakeTestManifest();

/// Writes manifest, model, golden vectors and report into `folder`. The golden file has the right
/// size and digest but holds zeros: a test that replays golden vectors writes what the engine
/// computes.
[[nodiscard]] Result<void> WriteTestBundle(os::Files& files, const std::string& folder,
                                           Manifest manifest = MakeTestManifest(),
                                           const TestModelOptions& options = {});

}  // namespace millwright::model
