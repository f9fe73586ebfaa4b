// A float model of another trainer becomes our INT8 .tflite: read, folded, calibrated on the user's
// windows, quantized, and held against the float net on the same windows.
//
//   MW_TRY(const importer::Imported done, importer::Import(bytes, "model.keras", windows, {}));
//   files.WriteDurably("model.tflite", done.tflite);
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "importer/head.h"
#include "importer/net.h"
#include "importer/windows.h"

namespace millwright::importer {

struct ImportOptions {
  Task task = Task::kAuto;
  /// A Normalization at the front becomes part of the first layer's weights, and the model takes
  /// raw values. Off: it is taken out and returned, and the model takes normalized values.
  bool fold_normalization = true;
  size_t windows_max = 2048;      // more are thinned out evenly
  double agreement_min = 0.99;    // share of windows that decide alike
  double value_tolerance = 0.05;  // of the outputs' span: what "alike" means for values
};

/// The INT8 model beside the float net, on the windows it was calibrated on.
struct Agreement {
  size_t windows = 0;
  size_t agreed = 0;
  double error_mean = 0;  // of one output, absolute
  double error_max = 0;
  [[nodiscard]] double share() const {
    return static_cast<double>(agreed) / static_cast<double>(windows);
  }
};

struct Imported {
  std::vector<std::byte> tflite{};
  Decision decision = Decision::kClass;
  Agreement agreement{};
  std::optional<Affine> standardise{};  // x * gain + offset, to be done before the model
  std::vector<std::string> layers{};    // "layer 'lstm' (LSTM) 20 x 32": what was made of the file
  std::vector<std::string> notes{};
  size_t outputs = 0;
  std::vector<float> float_outputs{};  // [agreement.windows x outputs]
  std::vector<float> int8_outputs{};   // the same
};

/// A .keras or .onnx file, by its first bytes. `steps` stands in where the file leaves them open.
/// `name` stands in errors. Errors as ReadKeras's and ReadOnnx's.
[[nodiscard]] Result<Net> ReadModel(std::span<const std::byte> bytes, const std::string& name,
                                    int steps);

/// All of it. kInvalid where the windows are of another shape than the model takes; kConflict where
/// fewer than `agreement_min` of the windows decide alike; else as ReadModel and QuantizeNet.
[[nodiscard]] Result<Imported> Import(std::span<const std::byte> bytes, const std::string& name,
                                      const Windows& windows, const ImportOptions& options);

/// The same from a net that was read.
[[nodiscard]] Result<Imported> Import(Net net, const Windows& windows,
                                      const ImportOptions& options);

}  // namespace millwright::importer
