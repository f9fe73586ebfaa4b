// The acceleration at a bearing housing. Sources, each as one would meet it in a textbook on
// machinery diagnosis: lines at multiples of shaft speed, blade or tooth passing, broadband noise
// through structural resonances, and the ring-down of a resonance after each strike of a bearing
// defect.
#pragma once

#include <array>
#include <cmath>
#include <span>

#include "dsp/bearing.h"
#include "machines/duty.h"
#include "machines/fault.h"
#include "machines/machine_config.h"
#include "machines/random.h"

namespace millwright::machines {

/// A unit vector that turns: std::complex would check each product for NaN.
struct Phasor {
  double re = 1, im = 0;
  static Phasor At(double radians) { return {std::cos(radians), std::sin(radians)}; }
  [[nodiscard]] Phasor operator*(Phasor b) const {
    return {re * b.re - im * b.im, re * b.im + im * b.re};
  }
};

/// A damped oscillator, driven by noise and strikes.
class Resonator {
 public:
  Resonator() = default;
  Resonator(double hz, double damping, double rate_hz);
  /// `strike`: the oscillation's first peak; `noise`: unit normal, comes out with unit variance
  /// when `noise_gain` is 1.
  [[nodiscard]] double Step(double strike, double noise) {
    const double y = a1_ * y1_ + a2_ * y2_ + strike * strike_gain_ + noise * noise_gain_;
    y2_ = y1_;
    y1_ = y;
    return y;
  }

 private:
  double a1_ = 0, a2_ = 0, strike_gain_ = 0, noise_gain_ = 0;
  double y1_ = 0, y2_ = 0;
};

/// Strikes of one bearing defect: evenly spaced in shaft angle but for the slip of the rolling
/// elements.
class DefectTrain {
 public:
  DefectTrain(FaultKind kind, const dsp::BearingOrders& orders, Random& random);
  /// Amplitude of the strike within this advance of the shaft (in turns), or 0.
  [[nodiscard]] double Advance(double turns, double shaft_turns, Random& random);

 private:
  [[nodiscard]] double LoadZone(double shaft_turns) const;

  FaultKind kind_;
  double order_;  // strikes a turn, slip included
  double ftf_;
  double until_next_ = 0.5;  // in strike intervals
  bool second_race_ = false;
};

class Vibration {
 public:
  Vibration(const MachineConfig& config, const dsp::BearingOrders& orders, Random& random);
  /// The next out.size() samples in m/s2, without the sensor. Duty and condition hold for all of
  /// them.
  void Run(const DutyPoint& duty, const Condition& condition, std::span<float> out);

 private:
  static constexpr size_t kHarmonics = 4;
  struct Levels;  // amplitudes for one stretch of samples
  [[nodiscard]] Levels LevelsFor(const DutyPoint& duty, const Condition& condition);
  [[nodiscard]] double Strike(const Levels& levels, double turns);

  double rate_hz_;
  double shaft_hz_;
  Random random_;
  double turns_ = 0;  // of the shaft, modulo 1000

  // This machine's own character, drawn once.
  std::array<double, kHarmonics> line_mm_s_;  // healthy velocity of 1x..4x, RMS
  std::array<Phasor, kHarmonics> line_phase_;
  double passing_order_;  // blades or teeth
  double passing_level_;  // m/s2
  double noise_level_;    // m/s2
  double defect_gain_;    // how well strikes reach the sensor
  Resonator structure_, housing_, rumble_;
  std::array<DefectTrain, 3> defects_;  // outer race, inner race, ball
  double burst_left_ = 0;  // cavitation: the collapsing bubble cloud's remaining strength
  double last_burst_noise_ = 0;
  double hum_phase_ = 0;
};

}  // namespace millwright::machines
