// A bundle: the folder that a trainer hands over and an agent runs. Layout: docs/formats/bundle.md.
// Nothing in it is trusted before LoadBundle has compared it with the manifest, and the manifest
// with the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "dsp/pipeline.h"
#include "model/decision_rule.h"
#include "os/files.h"

namespace millwright::model {

inline constexpr int kManifestFormat = 1;
inline constexpr std::string_view kManifestFile = "manifest.json";

struct FaultClass {
  std::string code{};  // "outer_race": what labels, events and topics say
  std::string name;    // "Outer race": what people read
  bool healthy = false;
  std::string action{};  // recommended action, one sentence
};

struct ListedFile {
  std::string path;  // a plain name within the bundle's folder
  std::string sha256;
  uint64_t bytes = 0;
};

struct Manifest {
  struct Model {
    std::string file = "model.tflite";
    std::string sha256;
    uint64_t bytes = 0;
    int steps = 0;
    int features = 0;
  };
  struct Standardiser {
    bool per_asset =
        true;  // "asset": learned at commissioning; "global": mean and deviation as they are
    Nanos commissioning = 20 * kSecond;
    std::vector<float> mean{}, deviation{}, deviation_floor{};
    // Empty, or for each feature: above 0, mixed with the asset's own deviation
    // (dsp::Standardizer).
    std::vector<float> deviation_pooled{};
  };
  struct Calibration {
    double temperature = 1;
    bool folded = true;
  };
  struct Golden {
    std::string file = "golden.bin";
    std::string sha256;
    int count = 0;
  };
  struct Lineage {
    std::string data_hash{}, code_version{}, parent{}, trainer{};
    uint64_t seed = 0;
  };

  int format = kManifestFormat;
  std::string name, version;
  Nanos created = 0;
  std::string task = "classifier";
  Model model;
  std::vector<FaultClass> classes;  // in output order
  dsp::Schema schema;
  Standardiser standardiser;
  Calibration calibration;
  DecisionLimits decision;
  Golden golden;
  std::vector<ListedFile> files;
  Lineage lineage;

  /// Index of the one healthy class; ReadManifest has made sure that there is exactly one.
  [[nodiscard]] int healthy_class() const;
};

/// Parses and checks everything that the manifest alone can show. `file` stands in the messages,
/// which name the key: "manifest.json: schema.features[3].channel: no channel is named \"vibe\"".
[[nodiscard]] Result<Manifest> ReadManifest(std::span<const std::byte> bytes,
                                            std::string_view file = kManifestFile);

/// JSON with a fixed key order and shortest numbers: equal manifests give equal bytes.
[[nodiscard]] std::string WriteManifest(const Manifest& manifest);

/// The rules that ReadManifest applies, for a manifest made by a program.
[[nodiscard]] Result<void> CheckManifest(const Manifest& manifest);

struct Bundle {
  Manifest manifest;
  os::Bytes model;                     // model.tflite
  std::vector<int8_t> golden_inputs;   // [count, steps, features]
  std::vector<int8_t> golden_outputs;  // [count, classes]
};

/// Reads `folder`: the manifest, then every file it names against its size and sha256, then the
/// model's input and output shapes and types against schema and classes. Errors name the file and
/// the key.
[[nodiscard]] Result<Bundle> LoadBundle(os::Files& files, const std::string& folder);

}  // namespace millwright::model
