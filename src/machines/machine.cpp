#include "machines/machine.h"

#include <algorithm>
#include <cmath>

namespace millwright::machines {
namespace {

// Duty and condition are renewed this often; between, the vibration runs on unchanged.
constexpr double kStretchS = 0.01;

struct SensorData {
  std::string_view unit;
  double rate_hz, noise, resolution;
};
// As kChannelNames. Current's noise and resolution are shares of the rated current.
constexpr std::array<SensorData, 5> kSensors = {{
    {"m/s2", 0, 0.03, kVibrationStep},
    {"degC", 1, 0.06, 0.02},
    {"A", 5, 0.004, 0.0005},
    {"rpm", 5, 0.4, 0.1},
    {"bar", 5, 0.02, 0.002},
}};

Result<void> Check(const MachineConfig& config) {
  const auto fail = [&](const std::string& what) {
    return Fail(Errc::kInvalid, "machine " + config.asset + ": " + what);
  };
  if (!(config.shaft_hz >= 1 && config.shaft_hz <= 500))
    return fail("shaft_hz is not within 1 .. 500");
  if (!(config.vib_rate_hz >= 1000 && config.vib_rate_hz <= 25600))
    return fail("vib_rate_hz is not within 1000 .. 25600");
  if (!(config.rated_kw > 0 && config.rated_kw <= 1e5))
    return fail("rated_kw is not within 0 .. 100000");
  return {};
}

Result<void> CheckFault(const MachineConfig& config, FaultKind kind, double wear_s) {
  const auto fail = [&](const std::string& what) {
    return Fail(Errc::kInvalid, "machine " + config.asset + ": " + what);
  };
  if (kind == FaultKind::kCavitation && config.kind != MachineKind::kPump)
    return fail("only a pump can cavitate");
  if (!(wear_s >= 1 && wear_s <= 1e7)) return fail("wear_s is not within 1 .. 10000000");
  return {};
}

}  // namespace

std::string_view Name(MachineKind kind) {
  constexpr std::array<std::string_view, 5> kNames = {"pump", "fan", "gearbox", "spindle",
                                                      "compressor"};
  return kNames[static_cast<size_t>(kind)];
}

Result<Machine> Machine::Make(const MachineConfig& config, uint64_t plant_seed) {
  MW_TRY(Check(config));
  for (const Fault& fault : config.faults) MW_TRY(CheckFault(config, fault.kind, fault.wear_s));
  const Result<dsp::BearingOrders> orders = dsp::Orders(config.bearing);
  if (!orders) return Fail(Errc::kInvalid, "machine " + config.asset + ": " + orders.error().what);
  return Machine(config, *orders, Random(MixText(plant_seed, config.asset)));
}

Machine::Machine(const MachineConfig& config, const dsp::BearingOrders& orders, Random random)
    : config_(config),
      orders_(orders),
      faults_(config.faults),
      random_(random),
      duty_(config.load, random_),
      vibration_(config, orders, random_),
      process_(config, random_) {
  const size_t count = config.kind == MachineKind::kPump ? 5 : 4;
  const double amperes = config.rated_kw * 1.85;
  for (size_t c = 0; c < count; ++c) {
    const SensorData& data = kSensors[c];
    const double factor = c == 2 ? amperes : 1;
    channels_.push_back(
        {.name = std::string(kChannelNames[c]),
         .unit = std::string(data.unit),
         .kind = c == kVib ? dsp::ChannelKind::kSamples : dsp::ChannelKind::kReading,
         .rate_hz = c == kVib ? config.vib_rate_hz : data.rate_hz});
    sensors_.emplace_back(data.noise * factor, data.resolution * factor, random_);
  }
  process_.Advance(0, duty_.Advance(0), {});
}

dsp::MachineSpec Machine::spec() const {
  return {.shaft_hz = config_.shaft_hz,
          .bpfo = orders_.bpfo,
          .bpfi = orders_.bpfi,
          .bsf = orders_.bsf,
          .ftf = orders_.ftf,
          .rated_kw = config_.rated_kw};
}

double Machine::SeverityOf(const Fault& fault) const {
  return t_s_ <= fault.onset_s ? 0 : Severity(t_s_ - fault.onset_s, fault.wear_s);
}

Condition Machine::ConditionNow() const {
  Condition condition;
  for (const Fault& fault : faults_) {
    double& severity = condition.severity[static_cast<size_t>(fault.kind)];
    severity = std::max(severity, SeverityOf(fault));
  }
  return condition;
}

void Machine::AdvanceTo(double t_s) {
  if (taken_) samples_.clear();
  taken_ = false;
  while (t_s_ < t_s) {
    const double next_s = std::min(t_s, t_s_ + kStretchS);
    const auto due = static_cast<uint64_t>(std::floor(next_s * config_.vib_rate_hz + 1e-6));
    const double dt_s = next_s - t_s_;
    t_s_ = next_s;
    RunStretch(dt_s, static_cast<size_t>(due - samples_made_));
    samples_made_ = due;
  }
}

void Machine::RunStretch(double dt_s, size_t samples) {
  const DutyPoint duty = duty_.Advance(dt_s);
  const Condition condition = ConditionNow();
  process_.Advance(dt_s, duty, condition);
  const size_t old = samples_.size();
  samples_.resize(old + samples);
  const std::span<float> fresh = std::span(samples_).subspan(old);
  vibration_.Run(duty, condition, fresh);
  Sensor& sensor = sensors_[kVib];
  for (float& sample : fresh) {
    const double clipped =
        std::clamp(static_cast<double>(sample), -32767 * kVibrationStep, 32767 * kVibrationStep);
    sample = static_cast<float>(sensor.Read(clipped));
  }
}

std::span<const float> Machine::TakeVibration() {
  taken_ = true;
  return samples_;
}

float Machine::ReadSensor(size_t channel) {
  const ProcessValues& values = process_.values();
  const std::array<double, 5> truth = {0, values.temperature_c, values.current_a, values.speed_rpm,
                                       values.pressure_bar};
  return static_cast<float>(sensors_[channel].Read(truth[channel]));
}

Result<void> Machine::Inject(FaultKind kind, double wear_s) {
  MW_TRY(CheckFault(config_, kind, wear_s));
  const auto same = [&](const Fault& fault) { return fault.kind == kind && fault.onset_s <= t_s_; };
  if (std::ranges::any_of(faults_, same))
    return Fail(Errc::kConflict,
                "machine " + config_.asset + ": " + std::string(Name(kind)) + " is there already");
  faults_.push_back({.kind = kind, .onset_s = t_s_, .wear_s = wear_s});
  return {};
}

void Machine::Repair() { faults_.clear(); }

Result<void> Machine::SetSensor(std::string_view channel, SensorMode mode) {
  const auto found = std::ranges::find(channels_, channel, &dsp::ChannelSpec::name);
  if (found != channels_.end()) {
    sensors_[static_cast<size_t>(found - channels_.begin())].set_mode(mode);
    return {};
  }
  std::string known;
  for (const dsp::ChannelSpec& spec : channels_) known += (known.empty() ? "" : ", ") + spec.name;
  return Fail(Errc::kNotFound, "machine " + config_.asset + ": there is no channel \"" +
                                   std::string(channel) + "\", only " + known);
}

}  // namespace millwright::machines
