// What a machine is: given in plant.toml or drawn by a fleet.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/bearing.h"
#include "machines/duty.h"
#include "machines/fault.h"

namespace millwright::machines {

enum class MachineKind : uint8_t { kPump, kFan, kGearbox, kSpindle, kCompressor };
[[nodiscard]] std::string_view Name(MachineKind kind);

struct MachineConfig {
  std::string asset;
  std::string area;
  std::string name;
  MachineKind kind = MachineKind::kPump;
  double shaft_hz = 24.7;
  double rated_kw = 30;
  dsp::BearingGeometry bearing = {.elements = 9, .ball = 7.94, .pitch = 39.04, .angle_deg = 0};
  double vib_rate_hz = 12800;
  LoadProfile load = LoadProfile::kSteady;
  std::vector<Fault> faults;  // scheduled
};

/// Vibration is stored and sent in steps of an accelerometer with 16 bits over +-50 g.
inline constexpr double kVibrationStep = 50 * 9.80665 / 32768;

}  // namespace millwright::machines
