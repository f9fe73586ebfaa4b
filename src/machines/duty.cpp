#include "machines/duty.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millwright::machines {
namespace {

constexpr double kDayS = 120;
constexpr double kRampS = 4;        // start-stop: to full speed or to rest
constexpr double kRunShare = 0.78;  // start-stop: of a period

// A random walk that is pulled back to 0 (Ornstein-Uhlenbeck).
void Wander(double& x, double sigma, double tau_s, double dt_s, Random& random) {
  x += -x * dt_s / tau_s + sigma * std::sqrt(2 * dt_s / tau_s) * random.Normal();
}

double PeriodOf(LoadProfile profile, Random& random) {
  switch (profile) {
    case LoadProfile::kSteady:
      return 1;
    case LoadProfile::kDaily:
      return kDayS;
    case LoadProfile::kCyclic:
      return random.Uniform(18, 32);
    case LoadProfile::kStartStop:
      return random.Uniform(55, 75);
  }
  return 1;
}

}  // namespace

std::string_view Name(LoadProfile profile) {
  switch (profile) {
    case LoadProfile::kSteady:
      return "steady";
    case LoadProfile::kDaily:
      return "daily";
    case LoadProfile::kCyclic:
      return "cyclic";
    case LoadProfile::kStartStop:
      return "start-stop";
  }
  return "steady";
}

Duty::Duty(LoadProfile profile, Random& random)
    : profile_(profile),
      random_(random.Next()),
      period_s_(PeriodOf(profile, random_)),
      phase_(profile == LoadProfile::kStartStop ? 0.1 : random_.Uniform()),  // it begins running
      base_load_(random_.Uniform(0.72, 0.88)) {}

DutyPoint Duty::Planned() const {
  const double cycle = t_s_ / period_s_ + phase_;
  const double at = cycle - std::floor(cycle);
  switch (profile_) {
    case LoadProfile::kSteady:
      return {.speed = 1, .load = base_load_};
    case LoadProfile::kDaily:
      return {.speed = 1, .load = base_load_ - 0.12 + 0.15 * std::sin(2 * std::numbers::pi * at)};
    case LoadProfile::kCyclic:
      // A soft square wave.
      return {.speed = 1,
              .load = base_load_ - 0.1 + 0.12 * std::tanh(4 * std::sin(2 * std::numbers::pi * at))};
    case LoadProfile::kStartStop: {
      const double in_s = at * period_s_;
      const double stop_s = kRunShare * period_s_;
      const double up = std::clamp(in_s / kRampS, 0.0, 1.0);
      const double down = std::clamp((stop_s + kRampS - in_s) / kRampS, 0.0, 1.0);
      const double speed = std::min(up, down);
      return {.speed = speed, .load = base_load_ * speed * speed};
    }
  }
  return {};
}

DutyPoint Duty::Advance(double dt_s) {
  t_s_ += dt_s;
  Wander(load_wander_, 0.015, 15, dt_s, random_);
  Wander(speed_wander_, 0.002, 8, dt_s, random_);
  DutyPoint point = Planned();
  if (point.speed > 0) {
    point.load = std::clamp(point.load + load_wander_ * point.speed, 0.0, 1.1);
    // Induction motors slip a little more under load.
    point.speed *= 1 + speed_wander_ - 0.01 * (point.load - 0.8);
  }
  return point;
}

}  // namespace millwright::machines
