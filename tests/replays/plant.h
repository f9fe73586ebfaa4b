// Gateways with simulated machines that break and are repaired again and again, and the hub's own
// ingest: real agents on real files, physics of src/machines, brokers and clocks of this process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "hub/ingest/ingest.h"
#include "machines/machine.h"
#include "machines/random.h"
#include "mqtt/fake.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::replays {

inline constexpr Nanos kTick = 200 * kMillisecond;  // a block of vibration, a step of the model

/// A machine whose luck is drawn: it runs, a fault grows, somebody repairs it.
class UnluckyMachine {
 public:
  /// kInvalid as machines::Machine::Make.
  [[nodiscard]] static Result<UnluckyMachine> Make(const std::string& asset, uint64_t seed);
  /// 200 ms pass; what its sensors say goes to the broker.
  [[nodiscard]] Result<void> Tick(mqtt::FakeBroker& broker, Nanos now);

 private:
  UnluckyMachine(machines::Machine machine, uint64_t seed)
      : machine_(std::move(machine)), luck_(seed) {}
  [[nodiscard]] Result<void> Fate();
  [[nodiscard]] uint64_t Between(uint64_t low, uint64_t high);

  machines::Machine machine_;
  machines::Random luck_;
  bool broken_ = false;
  uint64_t ticks_ = 0, change_at_ = 150;  // it runs well while it is commissioned
  uint64_t vib_seq_ = 0, temperature_seq_ = 0;
};

class Gateway {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> Make(int number, int machines,
                                                             const std::string& folder,
                                                             const std::string& bundle,
                                                             mqtt::FakeBroker& hub, Nanos utc,
                                                             uint64_t seed);
  /// `measure` false: the machines are switched off, the agent works on.
  [[nodiscard]] Result<void> Tick(bool measure);
  [[nodiscard]] uint64_t decisions() const { return agent_->figures().decisions; }
  [[nodiscard]] bool drained() const { return agent_->figures().waiting_records == 0; }

 private:
  explicit Gateway(Nanos utc) : clock_(utc) {}

  os::FakeClock clock_;
  os::RealFiles files_;
  mqtt::FakeBroker local_;
  std::vector<UnluckyMachine> machines_;
  std::unique_ptr<agent::Agent> agent_;
};

struct PlantOptions {
  std::string folder;
  std::vector<std::string> bundles;  // gateways take them in turn
  int gateways = 4;
  int machines = 8;  // of each gateway
  uint64_t seed = 1;
};

struct PlantFigures {
  int64_t alarms = 0;  // in the hub's database
  uint64_t decisions = 0;
  double virtual_hours = 0;
};

/// Runs until the hub's database at `database` holds so many alarms and everything is delivered.
/// kExhausted where they do not come in a hundred times the time that they should take.
[[nodiscard]] Result<PlantFigures> RunPlant(const PlantOptions& options,
                                            const std::string& database, int64_t alarms);

}  // namespace millwright::replays
