// C-MAPSS: simulated fleets of turbofan engines, a row a flight cycle: unit, cycle, three operating
// settings, 21 sensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::evaluation {

inline constexpr size_t kCmapssSettings = 3, kCmapssSensors = 21;
inline constexpr size_t kCmapssWidth = kCmapssSettings + kCmapssSensors;

struct CmapssEngine {
  int unit = 0;
  std::vector<float> values{};  // [cycles x kCmapssWidth], from its first cycle on
  double left = 0;              // cycles that it still ran after the last row
  [[nodiscard]] size_t cycles() const { return values.size() / kCmapssWidth; }
};

/// folder/train_<set>.txt[.gz], engines that ran to failure. kInvalid names file and row where
/// cycles do not follow each other.
[[nodiscard]] Result<std::vector<CmapssEngine>> ReadCmapssTrain(const std::filesystem::path& folder,
                                                                const std::string& set);

/// folder/test_<set>.txt[.gz], engines cut before they failed, and folder/RUL_<set>.txt[.gz], what
/// each had left. kInvalid where the two name different numbers of engines.
[[nodiscard]] Result<std::vector<CmapssEngine>> ReadCmapssTest(const std::filesystem::path& folder,
                                                               const std::string& set);

}  // namespace millwright::evaluation
