// Fault codes that people know by name, with what to do about them.
#pragma once

#include <span>
#include <string>

#include "model/manifest.h"

namespace millwright::trainer {

inline constexpr std::string_view kHealthyCode = "healthy";
inline constexpr std::string_view kAnomalyCode =
    "anomaly";  // an anomaly whose label names no fault

/// Name and action of a code: from `own` where it is there, else from the known ones, else made
/// from the code itself.
[[nodiscard]] model::FaultClass DescribeFault(const std::string& code,
                                              std::span<const model::FaultClass> own);

}  // namespace millwright::trainer
