// One rotating machine with its sensors, on a time of its own that starts at 0. Everything it does
// follows from its configuration and seed, bit for bit.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dsp/pipeline.h"
#include "machines/machine_config.h"
#include "machines/process.h"
#include "machines/vibration.h"

namespace millwright::machines {

/// Channels of every machine, in the order of Channels(): pressure only for pumps.
inline constexpr std::array<std::string_view, 5> kChannelNames = {"vib", "temperature", "current",
                                                                  "speed", "pressure"};
inline constexpr size_t kVib = 0;

class Machine {
 public:
  /// kInvalid names what is wrong with the configuration (bearing, rates, a fault that this kind
  /// cannot have).
  [[nodiscard]] static Result<Machine> Make(const MachineConfig& config, uint64_t plant_seed);

  /// Runs on to `t_s` (never back).
  void AdvanceTo(double t_s);
  [[nodiscard]] double now_s() const { return t_s_; }

  /// Takes the samples made since the last call: valid until the next AdvanceTo.
  [[nodiscard]] std::span<const float> TakeVibration();
  /// What the sensor of channels()[channel] shows now (not the vibration).
  [[nodiscard]] float ReadSensor(size_t channel);
  [[nodiscard]] SensorMode sensor_mode(size_t channel) const { return sensors_[channel].mode(); }

  /// A fault begins now. kConflict where it is there already, kInvalid where this machine cannot
  /// have it.
  [[nodiscard]] Result<void> Inject(FaultKind kind, double wear_s);
  /// All faults are gone, scheduled ones too.
  void Repair();
  /// kNotFound names the channels there are.
  [[nodiscard]] Result<void> SetSensor(std::string_view channel, SensorMode mode);

  [[nodiscard]] const MachineConfig& config() const { return config_; }
  [[nodiscard]] const std::vector<dsp::ChannelSpec>& channels() const { return channels_; }
  [[nodiscard]] dsp::MachineSpec spec() const;
  /// Active and scheduled faults; an onset in the future has not happened yet.
  [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }
  [[nodiscard]] double SeverityOf(const Fault& fault) const;

 private:
  Machine(const MachineConfig& config, const dsp::BearingOrders& orders, Random random);
  void RunStretch(double dt_s, size_t samples);
  [[nodiscard]] Condition ConditionNow() const;

  MachineConfig config_;
  dsp::BearingOrders orders_;
  std::vector<dsp::ChannelSpec> channels_;
  std::vector<Fault> faults_;
  Random random_;
  Duty duty_;
  Vibration vibration_;
  Process process_;
  std::vector<Sensor> sensors_;  // one per channel
  std::vector<float> samples_;   // made and not taken
  bool taken_ = true;
  double t_s_ = 0;
  uint64_t samples_made_ = 0;
};

}  // namespace millwright::machines
