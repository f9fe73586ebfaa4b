// The hydraulic rig's cycles as rows: mean and deviation of each tenth of each sensor, and one flow
// sample by sample.
#pragma once

#include <span>

#include "evaluation/projected.h"
#include "evaluation/read_hydraulic.h"

namespace millwright::evaluation {

inline constexpr double kHydraulicCycleSeconds = 60;
inline constexpr int kHydraulicSegments = 10;

struct HydraulicTable {
  Table table{};          // [cycles x columns], without labels
  StepColumns columns{};  // when each comes in
  size_t plain = 0;       // columns before the single flow samples
};

/// `parts`: after so many segments a net is given something, ascending, the last
/// kHydraulicSegments. kInvalid where a sensor has too few values a cycle.
[[nodiscard]] Result<HydraulicTable> MakeHydraulicTable(const HydraulicCycles& data,
                                                        std::span<const int> parts);

}  // namespace millwright::evaluation
