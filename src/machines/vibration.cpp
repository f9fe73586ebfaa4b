#include "machines/vibration.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millwright::machines {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr double kMmPerM = 1e3;

// Velocity at functional failure, mm/s RMS: all beyond the boundary of zone D of flexibly mounted
// 15-300 kW machines (7.1 mm/s). Rows: a fault's share in 1x, 2x, 3x, 4x, and the power of severity
// with which it comes.
struct LineGrowth {
  std::array<double, 4> mm_s;
  double power;
};
constexpr std::array<LineGrowth, kFaultKinds> kLineGrowth = {{
    {{6.5, 5.0, 3.5, 2.5}, 2.5},   // outer race: the late bearing is loose
    {{6.5, 5.0, 3.5, 2.5}, 2.5},   // inner race
    {{6.5, 5.0, 3.5, 2.5}, 2.5},   // ball
    {{12.0, 0.8, 0.3, 0.0}, 1.0},  // unbalance: 1x
    {{3.0, 8.5, 4.5, 1.0}, 1.0},   // misalignment: 2x and 3x
    {{1.0, 0.5, 0.3, 0.0}, 1.0},   // cavitation: random, see rumble
    {{9.0, 2.5, 1.0, 0.0}, 3.0},   // overheating: the shaft bows at last
}};
constexpr double kStrikeMax = 70;      // m/s2, first peak of a strike at severity 1
constexpr double kCavitationMax = 22;  // m/s2, of collapsing bubbles
constexpr double kRumbleMaxMmS = 10;   // cavitation shakes the whole housing
constexpr double kRumbleHz = 45;

double PassingOrder(MachineKind kind, Random& random) {
  switch (kind) {
    case MachineKind::kPump:
      return random.Integer(5, 7);
    case MachineKind::kFan:
      return random.Integer(8, 12);
    case MachineKind::kGearbox:
      return random.Integer(19, 31);
    case MachineKind::kSpindle:
      return random.Integer(3, 4);
    case MachineKind::kCompressor:
      return random.Integer(4, 5);
  }
  return 5;
}

double Acceleration(double mm_s_rms, double hz) {
  return mm_s_rms / kMmPerM * std::numbers::sqrt2 * kTwoPi * hz;
}

}  // namespace

Resonator::Resonator(double hz, double damping, double rate_hz) {
  const double theta = kTwoPi * hz / rate_hz;
  const double r = std::exp(-damping * theta);
  a1_ = 2 * r * std::cos(theta);
  a2_ = -r * r;
  strike_gain_ = std::sin(theta);
  const double r2 = r * r;
  const double variance = (1 + r2) / ((1 - r2) * (1 + r2 * r2 - 2 * r2 * std::cos(2 * theta)));
  noise_gain_ = 1 / std::sqrt(variance);
}

DefectTrain::DefectTrain(FaultKind kind, const dsp::BearingOrders& orders, Random& random)
    : kind_(kind), ftf_(orders.ftf) {
  const double slip = 1 - random.Uniform(0.002, 0.015);
  order_ = slip * (kind == FaultKind::kOuterRace   ? orders.bpfo
                   : kind == FaultKind::kInnerRace ? orders.bpfi
                                                   : 2 * orders.bsf);
}

// Where on the ring the load presses: an outer-race defect stands still in it, an inner-race defect
// turns through it with the shaft, a ball with the cage.
double DefectTrain::LoadZone(double shaft_turns) const {
  if (kind_ == FaultKind::kOuterRace) return 0.92 + 0.08 * std::cos(kTwoPi * shaft_turns);
  const double turns = kind_ == FaultKind::kInnerRace ? shaft_turns : ftf_ * shaft_turns;
  const double facing = 0.5 + 0.5 * std::cos(kTwoPi * turns);
  return 0.2 + 0.8 * facing * facing;
}

double DefectTrain::Advance(double turns, double shaft_turns, Random& random) {
  until_next_ -= turns * order_;
  if (until_next_ > 0) return 0;
  until_next_ += std::max(0.5, 1 + 0.012 * random.Normal());
  second_race_ = !second_race_;
  const double race = kind_ == FaultKind::kBall && second_race_ ? 0.75 : 1;
  return race * LoadZone(shaft_turns) * std::max(0.2, 1 + 0.15 * random.Normal());
}

Vibration::Vibration(const MachineConfig& config, const dsp::BearingOrders& orders, Random& random)
    : rate_hz_(config.vib_rate_hz),
      shaft_hz_(config.shaft_hz),
      random_(random.Next()),
      passing_order_(PassingOrder(config.kind, random_)),
      passing_level_(random_.Uniform(0.2, 0.8) * (config.kind == MachineKind::kGearbox ? 2.5 : 1)),
      noise_level_(random_.Uniform(0.35, 0.75)),
      defect_gain_(random_.Uniform(0.75, 1.25)),
      defects_{DefectTrain(FaultKind::kOuterRace, orders, random_),
               DefectTrain(FaultKind::kInnerRace, orders, random_),
               DefectTrain(FaultKind::kBall, orders, random_)} {
  line_mm_s_ = {random_.Uniform(0.5, 1.2), random_.Uniform(0.12, 0.35), random_.Uniform(0.06, 0.2),
                random_.Uniform(0.03, 0.1)};
  for (Phasor& phase : line_phase_) phase = Phasor::At(random_.Uniform(0, kTwoPi));
  structure_ = Resonator(random_.Uniform(500, 1100), random_.Uniform(0.04, 0.08), rate_hz_);
  const double housing_hz = std::min(random_.Uniform(2300, 4200), 0.38 * rate_hz_);
  housing_ = Resonator(housing_hz, random_.Uniform(0.03, 0.06), rate_hz_);
  rumble_ = Resonator(kRumbleHz, 0.35, rate_hz_);
}

struct Vibration::Levels {
  std::array<double, kHarmonics> line;  // m/s2 amplitude
  double passing, noise, housing_noise, rumble, bubbles, burst_rate, hum;
  std::array<double, 3> strike;
  double strikes;  // their sum: skip the trains when it is 0
};

Vibration::Levels Vibration::LevelsFor(const DutyPoint& duty, const Condition& condition) {
  Levels levels = {};
  const double speed2 = duty.speed * duty.speed;
  const double turning = std::min(1.0, 5 * duty.speed);  // nothing vibrates at rest
  for (size_t h = 0; h < kHarmonics; ++h) {
    double mm_s = line_mm_s_[h] * (h == 0 ? 1 : 0.7 + 0.375 * duty.load);
    for (size_t f = 0; f < static_cast<size_t>(kFaultKinds); ++f)
      mm_s += kLineGrowth[f].mm_s[h] * std::pow(condition.severity[f], kLineGrowth[f].power);
    levels.line[h] =
        Acceleration(mm_s, static_cast<double>(h + 1) * shaft_hz_ * duty.speed) * duty.speed;
  }
  const double bearing = condition.of(FaultKind::kOuterRace) + condition.of(FaultKind::kInnerRace) +
                         condition.of(FaultKind::kBall);
  const double worn =
      1 + 1.5 * bearing * bearing + 0.6 * condition.of(FaultKind::kMisalignment) +
      1.5 * condition.of(FaultKind::kOverheating) * condition.of(FaultKind::kOverheating);
  const double busy = turning * speed2 * (0.55 + 0.55 * duty.load);
  levels.noise = 0.5 * noise_level_ * busy * worn;
  levels.housing_noise = 0.6 * noise_level_ * busy * worn;
  levels.passing = passing_level_ * speed2 * (0.5 + 0.6 * duty.load);
  levels.hum = 0.03 * turning * duty.load;
  const double cavitation = condition.of(FaultKind::kCavitation);
  levels.rumble =
      kRumbleMaxMmS / kMmPerM * kTwoPi * kRumbleHz * std::pow(cavitation, 1.5) * turning;
  levels.bubbles = kCavitationMax * std::pow(cavitation, 0.7) * turning * speed2;
  levels.burst_rate = (80 + 320 * cavitation) / rate_hz_;
  const double hit = kStrikeMax * defect_gain_ * duty.speed * (0.65 + 0.4 * duty.load);
  levels.strike = {hit * condition.of(FaultKind::kOuterRace),
                   hit * condition.of(FaultKind::kInnerRace),
                   0.9 * hit * condition.of(FaultKind::kBall)};
  levels.strikes = levels.strike[0] + levels.strike[1] + levels.strike[2];
  return levels;
}

double Vibration::Strike(const Levels& levels, double turns) {
  if (levels.strikes <= 0) return 0;
  double strike = 0;
  for (size_t d = 0; d < defects_.size(); ++d)
    if (levels.strike[d] > 0)
      strike += levels.strike[d] * defects_[d].Advance(turns, turns_, random_);
  return strike;
}

void Vibration::Run(const DutyPoint& duty, const Condition& condition, std::span<float> out) {
  const Levels levels = LevelsFor(duty, condition);
  const double turns = shaft_hz_ * duty.speed / rate_hz_;  // a sample
  Phasor shaft = Phasor::At(kTwoPi * turns_);
  const Phasor shaft_step = Phasor::At(kTwoPi * turns);
  Phasor passing = Phasor::At(kTwoPi * std::fmod(turns_ * passing_order_, 1.0));
  const Phasor passing_step = Phasor::At(kTwoPi * turns * passing_order_);
  const double hum_step = kTwoPi * 100 / rate_hz_;
  const bool cavitates = levels.bubbles > 0;
  const double bump_rate =
      duty.speed > 0.2 ? 1.0 / (40 * rate_hz_) : 0;  // someone sets down a tool, once in 40 s
  for (float& sample : out) {
    const Phasor z2 = shaft * shaft;
    const std::array<Phasor, kHarmonics> harmonics = {shaft, z2, z2 * shaft, z2 * z2};
    double a = 0;
    for (size_t h = 0; h < kHarmonics; ++h)
      a += levels.line[h] * (harmonics[h] * line_phase_[h]).re;
    // Passing tones beat with the shaft: blades are never quite alike.
    a += levels.passing * passing.re * (1 + 0.25 * shaft.re);
    a += levels.hum * std::sin(hum_phase_);
    double strike = Strike(levels, turns);
    double bubble_noise = 0;
    const double white = random_.Normal();
    if (cavitates) {
      if (random_.Uniform() < levels.burst_rate) burst_left_ = random_.Uniform(0.4, 1.6);
      burst_left_ *= 1 - 900 / rate_hz_;  // about a millisecond
      const double noise = random_.Normal();
      bubble_noise =
          levels.bubbles * burst_left_ * (noise - last_burst_noise_);  // high-pass: collapses click
      last_burst_noise_ = noise;
      a += levels.rumble * rumble_.Step(0, random_.Normal());
    }
    const double shock = bump_rate > 0 && random_.Uniform() < bump_rate ? random_.Uniform(2, 6) : 0;
    a += levels.noise * structure_.Step(0, white) + 0.3 * levels.noise * white;
    a += housing_.Step(strike + shock, levels.housing_noise * random_.Normal()) + bubble_noise;
    sample = static_cast<float>(a);
    shaft = shaft * shaft_step;
    passing = passing * passing_step;
    hum_phase_ += hum_step;
    turns_ += turns;
  }
  if (hum_phase_ > kTwoPi) hum_phase_ = std::fmod(hum_phase_, kTwoPi);
  if (turns_ > 1000) turns_ = std::fmod(turns_, 1000.0);
}

}  // namespace millwright::machines
