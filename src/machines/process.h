// The slow side of a machine: temperature, motor current, pressure. And the sensors that all values
// pass through.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "machines/duty.h"
#include "machines/fault.h"
#include "machines/machine_config.h"
#include "machines/random.h"

namespace millwright::machines {

struct ProcessValues {
  double temperature_c = 0;  // bearing housing
  double current_a = 0;
  double speed_rpm = 0;
  double pressure_bar = 0;  // pumps only
};

/// First-order physics: losses heat a housing that cools towards ambient (with a lag of seconds
/// instead of minutes, as life is compressed), torque draws current, a pump's head follows the
/// square of its speed.
class Process {
 public:
  Process(const MachineConfig& config, Random& random);
  void Advance(double dt_s, const DutyPoint& duty, const Condition& condition);
  [[nodiscard]] const ProcessValues& values() const { return values_; }

 private:
  [[nodiscard]] double SettledTemperature(const DutyPoint& duty, const Condition& condition) const;

  Random random_;
  double shaft_hz_;
  bool is_pump_;
  double t_s_ = 0;
  double rated_a_, no_load_share_;
  double ambient_c_, ambient_phase_, load_heat_c_, lag_s_;
  double head_bar_;
  double surge_ = 0;  // cavitation makes the pressure restless
  ProcessValues values_;
  bool settled_ = false;
};

enum class SensorMode : uint8_t { kOk, kStuck, kDropout };
/// "ok", "stuck", "dropout".
[[nodiscard]] Result<SensorMode> ParseSensorMode(std::string_view text);
[[nodiscard]] std::string_view Name(SensorMode mode);

/// Noise, resolution and failures of one sensor.
class Sensor {
 public:
  Sensor(double noise, double resolution, Random& random)
      : random_(random.Next()), noise_(noise), resolution_(resolution) {}
  /// What the sensor shows; meaningless in kDropout, when nothing arrives.
  [[nodiscard]] double Read(double truth);
  void set_mode(SensorMode mode) { mode_ = mode; }
  [[nodiscard]] SensorMode mode() const { return mode_; }

 private:
  Random random_;
  double noise_;
  double resolution_;
  double shown_ = 0;
  SensorMode mode_ = SensorMode::kOk;
};

}  // namespace millwright::machines
