// A plant: machines whose data come due in order of time, and the truth about their faults.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "machines/machine.h"

namespace millwright::machines {

struct PlantConfig {
  std::string site = "plant";
  uint64_t seed = 1;
  double wear_s = 60;  // of faults that name no own
  int block_ms = 200;  // a vibration block is this long
  double reading_loss =
      0;  // share of readings and blocks that a flaky sensor link loses before they are sent
  std::string broker_host = "127.0.0.1";
  int broker_port = 1883;
  std::string broker_username, broker_password;
  int qos = 2;
  std::vector<MachineConfig> machines;
};

/// Reads plant.toml (docs/formats/plant-config.md); all faults of the file at once, with file, line
/// and key.
[[nodiscard]] Result<PlantConfig> ReadPlantConfig(std::string_view text,
                                                  std::string_view file_name);

/// `count` machines drawn from the seed: kinds, speeds, bearings, loads and, in `faulty_share` of
/// them, one fault with an onset between 40 and 60 % of `seconds`.
[[nodiscard]] PlantConfig DrawFleet(int count, uint64_t seed, double seconds, double wear_s,
                                    double faulty_share);

/// Something that a sensor sends.
struct Emission {
  size_t machine = 0;
  size_t channel = 0;
  Nanos ts_ns = 0;   // of the reading or of the block's first sample
  Nanos due_ns = 0;  // when it is to be sent
  bool is_block = false;
  float value = 0;
  std::span<const float> samples;  // valid until the next call of Next
};

struct TruthEvent {
  enum class Kind : uint8_t { kOnset, kFailure, kRepair, kSensor };
  Kind kind = Kind::kOnset;
  Nanos ts_ns = 0;
  size_t machine = 0;
  std::string what;  // fault code, or "channel mode" of a sensor
  double severity = 0;
};
[[nodiscard]] std::string_view Name(TruthEvent::Kind kind);

class Plant {
 public:
  /// kInvalid names the machine that is wrong. Time 0 of the plant is `start_ns`.
  [[nodiscard]] static Result<Plant> Make(const PlantConfig& config, Nanos start_ns);

  /// When the next emission is due.
  [[nodiscard]] Nanos NextDue() const;
  /// Makes the next emission; nothing where the sensor is silent (the time has gone on all the
  /// same).
  [[nodiscard]] std::optional<Emission> Next();

  /// Truth events since the last call.
  [[nodiscard]] std::vector<TruthEvent> TakeTruth();

  /// At the time of the last emission. kNotFound for an unknown asset.
  [[nodiscard]] Result<void> Inject(std::string_view asset, std::string_view fault,
                                    std::optional<double> wear_s);
  [[nodiscard]] Result<void> Repair(std::string_view asset);
  [[nodiscard]] Result<void> SetSensor(std::string_view asset, std::string_view channel,
                                       std::string_view mode);

  [[nodiscard]] const std::vector<Machine>& machines() const { return machines_; }
  /// UTC of a machine's own time 0, where its first block begins.
  [[nodiscard]] Nanos StartOf(size_t machine) const { return start_ns_ + phases_[machine]; }
  [[nodiscard]] const PlantConfig& config() const { return config_; }

 private:
  // A channel's place in the schedule. Phases differ from machine to machine, so that a plant's
  // load is spread.
  struct Slot {
    size_t machine, channel;
    Nanos origin_ns, period_ns;
    uint64_t count = 0;
    Nanos due_ns = 0;
  };
  Plant(PlantConfig config, Nanos start_ns, std::vector<Machine> machines);
  void AddSlots(size_t machine, Nanos phase, Random& random);
  void NoteTruth(size_t machine, Nanos now);
  [[nodiscard]] Result<size_t> Find(std::string_view asset) const;

  PlantConfig config_;
  Nanos start_ns_;
  Nanos now_ns_;
  std::vector<Machine> machines_;
  std::vector<Nanos> phases_;           // of each machine's time 0 after start_ns_
  std::vector<Slot> heap_;              // the slot that is due first in front
  std::vector<std::vector<int>> told_;  // per machine and fault: 0 nothing, 1 onset, 2 failure
  std::vector<TruthEvent> truth_;
  Random losses_;
};

}  // namespace millwright::machines
