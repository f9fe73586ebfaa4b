#include "machines/process.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millwright::machines {
namespace {

// Degrees above what load explains, at severity 1.
constexpr std::array<double, kFaultKinds> kFaultHeatC = {10, 10, 8, 3, 7, 3, 55};
// Share of the current above what load explains, at severity 1.
constexpr std::array<double, kFaultKinds> kFaultCurrent = {0.03, 0.03,  0.02, 0.02,
                                                           0.06, -0.08, 0.15};

double Sum(const std::array<double, kFaultKinds>& weights, const Condition& condition) {
  double sum = 0;
  for (size_t f = 0; f < weights.size(); ++f) sum += weights[f] * condition.severity[f];
  return sum;
}

}  // namespace

Process::Process(const MachineConfig& config, Random& random)
    : random_(random.Next()),
      shaft_hz_(config.shaft_hz),
      is_pump_(config.kind == MachineKind::kPump) {
  // Three phases of 400 V, power factor 0.85, efficiency 0.92.
  rated_a_ = config.rated_kw * 1e3 / (std::numbers::sqrt3 * 400 * 0.85 * 0.92);
  no_load_share_ = random_.Uniform(0.3, 0.4);
  ambient_c_ = random_.Uniform(19, 29);
  ambient_phase_ = random_.Uniform(0, 2 * std::numbers::pi);
  load_heat_c_ = random_.Uniform(24, 34);
  lag_s_ = random_.Uniform(12, 20);
  head_bar_ = random_.Uniform(3.5, 6.5);
}

double Process::SettledTemperature(const DutyPoint& duty, const Condition& condition) const {
  const double ambient =
      ambient_c_ + 1.2 * std::sin(2 * std::numbers::pi * t_s_ / 600 + ambient_phase_);
  const double turning = std::min(1.0, duty.speed);
  const double heat =
      load_heat_c_ * (0.45 + 0.55 * duty.load * duty.load) + Sum(kFaultHeatC, condition);
  return ambient + turning * heat;
}

void Process::Advance(double dt_s, const DutyPoint& duty, const Condition& condition) {
  t_s_ += dt_s;
  const double target = SettledTemperature(duty, condition);
  if (!settled_) values_.temperature_c = target;  // the machine has been running before we look
  settled_ = true;
  values_.temperature_c += (target - values_.temperature_c) * (1 - std::exp(-dt_s / lag_s_));
  values_.speed_rpm = 60 * shaft_hz_ * duty.speed;
  const double torque = no_load_share_ + (1 - no_load_share_) * duty.load;
  values_.current_a =
      duty.speed < 0.02 ? 0 : rated_a_ * torque * (1 + Sum(kFaultCurrent, condition));
  const double cavitation = condition.of(FaultKind::kCavitation);
  surge_ += -surge_ * dt_s / 0.4 + std::sqrt(2 * dt_s / 0.4) * random_.Normal();
  const double head = head_bar_ * duty.speed * duty.speed * (1.15 - 0.2 * duty.load);
  values_.pressure_bar =
      is_pump_ ? 0.4 + head * (1 - 0.4 * cavitation + 0.1 * cavitation * surge_) : 0;
}

Result<SensorMode> ParseSensorMode(std::string_view text) {
  for (const SensorMode mode : {SensorMode::kOk, SensorMode::kStuck, SensorMode::kDropout})
    if (text == Name(mode)) return mode;
  return Fail(Errc::kInvalid,
              "sensor: mode \"" + std::string(text) + "\" is none of ok, stuck, dropout");
}

std::string_view Name(SensorMode mode) {
  switch (mode) {
    case SensorMode::kOk:
      return "ok";
    case SensorMode::kStuck:
      return "stuck";
    case SensorMode::kDropout:
      return "dropout";
  }
  return "ok";
}

double Sensor::Read(double truth) {
  if (mode_ == SensorMode::kStuck) return shown_;
  shown_ = std::round((truth + noise_ * random_.Normal()) / resolution_) * resolution_;
  return shown_;
}

}  // namespace millwright::machines
