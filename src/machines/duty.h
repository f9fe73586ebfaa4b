// How hard a machine works: speed and load over time.
#pragma once

#include <string_view>

#include "core/result.h"
#include "machines/random.h"

namespace millwright::machines {

enum class LoadProfile : uint8_t { kSteady, kDaily, kCyclic, kStartStop };

/// "steady", "daily", "cyclic", "start-stop".
[[nodiscard]] std::string_view Name(LoadProfile profile);

struct DutyPoint {
  double speed = 1;  // share of nominal speed, 0: stands still
  double load = 1;   // share of rated load
};

/// Follows one profile with a wander of its own. Life is compressed: a "day" lasts two minutes.
class Duty {
 public:
  Duty(LoadProfile profile, Random& random);
  /// Moves on by `dt_s`.
  DutyPoint Advance(double dt_s);

 private:
  [[nodiscard]] DutyPoint Planned() const;

  LoadProfile profile_;
  Random random_;
  double t_s_ = 0;
  double period_s_;
  double phase_;
  double base_load_;
  double load_wander_ = 0;
  double speed_wander_ = 0;
};

}  // namespace millwright::machines
