// One gateway of the year: the whole agent with its own clock, its own broker and a machine beside
// it, on real files.
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "mqtt/fake.h"
#include "os/clock.h"
#include "os/disk.h"
#include "os/files.h"

namespace millwright::year {

inline constexpr Nanos kTick = 200 * kMillisecond;  // the sensors' block, the model's step

/// Vibration and temperature of a machine that runs as it should, by the gateway's own time.
class Machine {
 public:
  Machine(mqtt::FakeBroker& broker, std::string asset)
      : broker_(broker), asset_(std::move(asset)) {}
  void Tick(Nanos now);

 private:
  [[nodiscard]] std::string Topic(const char* channel) const;

  mqtt::FakeBroker& broker_;
  const std::string asset_;
  double phase_ = 0;
  uint64_t noise_ = 1, ticks_ = 0, vib_seq_ = 0, temperature_seq_ = 0;
};

class Gateway {
 public:
  /// `folder`: its disk. Its first model lies in `bundle`, its root of trust in `root`.
  Gateway(int number, std::string folder, const std::string& bundle, const std::string& root,
          mqtt::FakeBroker& hub, Nanos utc);

  /// Power on; after PowerCut again, with everything in memory gone.
  [[nodiscard]] Result<void> Start();
  void PowerCut() { agent_.reset(); }
  /// Out of the hub's reach, or back; it goes on deciding.
  void SetAway(bool away);
  void Tick();
  /// Time passes in which nothing happens here.
  void Sleep(Nanos length) { clock_.Advance(length); }
  void StepClock(Nanos length) { clock_.StepUtc(length); }

  [[nodiscard]] bool away() const { return away_; }
  [[nodiscard]] Nanos utc() const { return clock_.Utc(); }
  [[nodiscard]] const std::string& device() const { return device_; }
  [[nodiscard]] uint64_t decisions() const { return decisions_; }
  /// Of the bundle that decides, from its disk.
  [[nodiscard]] Result<std::string> Serving();
  /// Nothing is on its way.
  [[nodiscard]] bool idle() const;

 private:
  [[nodiscard]] std::string Config(const std::string& bundle, const std::string& root) const;

  const std::string device_, asset_, folder_;
  const std::string config_;
  os::FakeClock clock_;
  os::RealFiles files_;
  os::RealDisk disk_;
  mqtt::FakeBroker local_;
  mqtt::FakeBroker& hub_;
  Machine machine_{local_, asset_};
  std::unique_ptr<agent::Agent> agent_;
  int boots_ = 0;
  bool away_ = false;
  uint64_t decisions_ = 0, decisions_before_ = 0;
};

}  // namespace millwright::year
