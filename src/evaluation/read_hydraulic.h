// The ZeMA hydraulic rig: one file a sensor, one line a cycle of 60 s; profile.txt has the graded
// condition of four components.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/read_table.h"

namespace millwright::evaluation {

inline constexpr size_t kHydraulicTargets = 4;
inline constexpr const char* kHydraulicNames[kHydraulicTargets] = {"cooler", "valve", "pump",
                                                                   "accumulator"};

struct HydraulicCycles {
  std::vector<TextTable> sensors{};  // in the order of kHydraulicSensors; a row a cycle
  std::array<std::vector<int>, kHydraulicTargets> levels{};  // as profile.txt has them
  std::vector<bool> settled{};
  std::vector<int> combination{};  // the same number for the same four levels
  [[nodiscard]] size_t size() const { return settled.size(); }
};

/// Pressure and motor power are not among them.
inline constexpr const char* kHydraulicSensors[] = {"FS1", "FS2", "TS1", "TS2", "TS3",
                                                    "TS4", "VS1", "CE",  "CP",  "SE"};

/// Reads folder/FS1.txt[.gz] and so on. kInvalid where the files' numbers of cycles differ.
[[nodiscard]] Result<HydraulicCycles> ReadHydraulic(const std::filesystem::path& folder);

}  // namespace millwright::evaluation
