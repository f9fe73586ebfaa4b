// Sixteen metal-oxide gas sensors over three years: one file a batch (some months), one line an
// exposure to a gas, eight numbers a sensor.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/table.h"

namespace millwright::evaluation {

inline constexpr size_t kGasSensors = 16, kGasPerSensor = 8;
inline constexpr size_t kGasColumns = kGasSensors * kGasPerSensor;

struct GasBatch {
  int number = 0;    // batches are in time order
  std::string name;  // of the file
  /// Sensor after sensor: level, its share, three of the rise, three of the decay; as in the file.
  std::vector<float> values{};          // [n x kGasColumns]
  std::vector<int> gases{};             // [n] as the file counts them
  std::vector<float> concentrations{};  // [n] ppmv
  [[nodiscard]] size_t size() const { return gases.size(); }
};

/// Every batchN.dat or batchN.dat.gz of a folder by N; lines are `gas;concentration 1:v ... 128:v`.
/// kNotFound: none; kInvalid names file and line.
/// Source: Vergara et al. 2012, "Chemical gas sensor drift compensation using classifier
/// ensembles".
[[nodiscard]] Result<std::vector<GasBatch>> ReadGas(const std::filesystem::path& folder);

/// sign(v) log(1 + |v|): the numbers span six decades, and drift is nearly a factor.
[[nodiscard]] Table GasFeatures(const GasBatch& batch);

}  // namespace millwright::evaluation
