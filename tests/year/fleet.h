// Twelve monthly releases to a fleet: one gateway is away for two of them, one wakes up in 1970.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway.h"
#include "hub.h"

namespace millwright::year {

inline constexpr Nanos kDay = 86'400 * kSecond;

struct Plan {
  int gateways = 5;
  int cycles = 12;
  int days = 30;                    // from one release to the next
  int absent_from = 4;              // cycle in which one gateway goes away ...
  int absent_cycles = 2;            // ... for so many
  int clockless = 8;                // cycle before which another one loses power and its clock
  Nanos patience = 3600 * kSecond;  // of virtual time, for a release to reach all that are there
};

struct Figures {
  int cycles = 0;  // that brought the release to every gateway that was there
  int devices = 0;
  int devices_current = 0;     // that decide with the last release
  int stuck = 0;               // whose update had not ended when the patience had
  int64_t updates = 0;         // models committed over the year
  int64_t scheduled = 0;       // rollouts that the hub's schedule began
  int64_t superseded = 0;      // rollouts that a later one took over for the absent one
  double epoch_years_max = 0;  // how far behind the hub's a gateway's clock was
  uint64_t decisions = 0;
  double virtual_days = 0;
};

class Fleet {
 public:
  Fleet(Plan plan, std::string folder) : plan_(plan), folder_(std::move(folder)) {}
  [[nodiscard]] Result<Figures> Run();

 private:
  [[nodiscard]] Result<void> Begin();
  [[nodiscard]] Result<void> Month(int cycle);
  [[nodiscard]] Result<void> Misfortune(int cycle);
  [[nodiscard]] Result<std::string> Release(int cycle);
  void Tick();
  /// Coarsely: the fleet is looked in on some times a day.
  void PassDaysUntil(Nanos then);
  [[nodiscard]] Result<int> Current(const std::string& digest);
  [[nodiscard]] Gateway& absent() { return *gateways_.back(); }
  [[nodiscard]] Gateway& clockless() { return *gateways_.front(); }

  const Plan plan_;
  const std::string folder_;
  os::RealFiles files_;
  mqtt::FakeBroker broker_;
  std::unique_ptr<YearHub> hub_;
  std::vector<std::unique_ptr<Gateway>> gateways_;
  std::string digest_;  // of the newest release
  Nanos now_ = 1'800'000'000 * kSecond;
  uint64_t ticks_ = 0;
  Figures figures_;
};

}  // namespace millwright::year
