#include "machines/bearing_rig.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "machines/vibration.h"

namespace millwright::machines {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

double LogUniform(Random& r, double lo, double hi) {
  return lo * std::exp(r.Uniform() * std::log(hi / lo));
}
bool Chance(Random& r, double p) { return r.Uniform() < p; }

// Sampling rates of common recorders; every fourth belongs to the world that judges.
double DrawRate(World world, Random& r) {
  constexpr std::array kRates = {8000.0,  10000.0, 12000.0, 12800.0, 16000.0, 20000.0,
                                 20480.0, 25600.0, 32768.0, 40000.0, 48000.0, 50000.0,
                                 51200.0, 64000.0, 97656.0, 24000.0};
  while (true) {
    const int i = r.Integer(0, static_cast<int>(kRates.size()) - 1);
    const bool judge = i % 4 == 2;
    if (world == World::kAll || judge == (world == World::kJudge))
      return kRates[static_cast<size_t>(i)];
  }
}

// The world that judges has the bearings with 8, 9, 13 and 16 elements.
dsp::BearingOrders DrawBearing(World world, Random& r) {
  while (true) {
    const int n = r.Integer(6, 22);
    const bool judge = n == 8 || n == 9 || n == 13 || n == 16;
    if (world != World::kAll && judge != (world == World::kJudge)) continue;
    const double fits = std::numbers::pi / n;
    const dsp::BearingGeometry g{.elements = n,
                                 .ball = std::min(r.Uniform(0.55, 0.95) * fits, 0.34),
                                 .pitch = 1,
                                 .angle_deg = Chance(r, 0.7) ? 0 : r.Uniform(5, 40)};
    if (const auto orders = dsp::Orders(g)) return *orders;
  }
}

// Resonances within 2.5-3.4 and 5.5-7.5 kHz belong to the world that judges.
double DrawResonance(World world, double rate_hz, Random& r) {
  while (true) {
    const double hz = LogUniform(r, 500, std::min(0.46 * rate_hz, 14e3));
    const bool judge = (hz > 2500 && hz < 3400) || (hz > 5500 && hz < 7500);
    if (world == World::kAll || judge == (world == World::kJudge)) return hz;
    if (world == World::kJudge && rate_hz < 6000) return hz;
  }
}

// Level 1, whatever it was; silence stays.
void Normalise(std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  const double scale = sum > 0 ? std::sqrt(static_cast<double>(x.size()) / sum) : 0;
  for (double& v : x) v *= scale;
}

// The strongest of a thousand samples is 1.
void NormalisePeaks(std::vector<double>& x) {
  std::vector<double> sizes(x.size());
  std::ranges::transform(x, sizes.begin(), [](double v) { return std::abs(v); });
  const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 995 / 1000);
  std::ranges::nth_element(sizes, at);
  if (*at > 0)
    for (double& v : x) v /= *at;
}

struct Mode {
  double hz, damping, gain;
};

class Rig {
 public:
  Rig(World world, Random& random, double wanted_s) : world_(world), r_(random) {
    out_.rate_hz = DrawRate(world, r_);
    out_.orders = DrawBearing(world, r_);
    shaft_hz_ = LogUniform(r_, 7, 62);
    out_.shaft_hz = shaft_hz_ * (1 + SpeedError());
    const double drawn_s = std::max(LogUniform(r_, 0.6, 3.5), 15 / shaft_hz_);
    const double seconds = wanted_s > 0 ? wanted_s : drawn_s;
    n_ = static_cast<size_t>(seconds * out_.rate_hz);
    Turn();
    const int modes = r_.Integer(2, 5);
    for (int m = 0; m < modes; ++m)
      modes_.push_back({DrawResonance(world_, out_.rate_hz, r_), LogUniform(r_, 0.008, 0.1), 0});
  }

  RigRecording Make(Defect defect, Strikes strikes) {
    out_.defect = defect;
    out_.strikes = strikes;
    const bool healthy = defect == Defect::kNone;
    std::vector<double> x = Noise();
    Add(x, Tones(), LogUniform(r_, 0.03, 5));
    if (!healthy) {
      out_.strength = LogUniform(r_, 0.8, 20);
      Add(x, DefectSignal(), out_.strength);
      if (Chance(r_, defect == Defect::kBall ? 0.3 : 0.1))
        Add(x, Echo(), out_.strength * r_.Uniform(0.05, 0.35));
    }
    if (Chance(r_, healthy ? 0.35 : 0.2)) Add(x, Stranger(), LogUniform(r_, 0.5, 10));
    if (Chance(r_, healthy ? 0.3 : 0.15)) Add(x, ShaftBlows(), LogUniform(r_, 0.5, 8));
    if (Chance(r_, 0.3)) Add(x, RandomBlows(), LogUniform(r_, 1, 15));
    Sense(x);
    return std::move(out_);
  }

 private:
  // turns_[i]: how far the shaft is at sample i. Speed wanders slowly.
  void Turn() {
    const double wander = Chance(r_, 0.3) ? 0 : LogUniform(r_, 1e-4, 4e-3);
    const double hold = std::exp(-kTurn * r_.Uniform(0.2, 3) / out_.rate_hz);
    const double kick = wander * std::sqrt(1 - hold * hold);
    double turns = r_.Uniform(), off = wander * r_.Normal();
    turns_.resize(n_);
    for (double& t : turns_) {
      t = turns;
      off = hold * off + kick * r_.Normal();
      turns += shaft_hz_ * (1 + off) / out_.rate_hz;
    }
  }

  // Tachometers are right, nameplates nearly; a motor under load falls behind its nameplate.
  double SpeedError() {
    const double kind = r_.Uniform();
    return kind < 0.45 ? 0 : kind < 0.85 ? r_.Uniform(-0.004, 0.004) : r_.Uniform(0, 0.014);
  }

  static void Add(std::vector<double>& x, const std::vector<double>& y, double gain) {
    for (size_t i = 0; i < x.size(); ++i) x[i] += gain * y[i];
  }

  // The path from one source to the sensor: all resonances, each reached by chance.
  std::vector<double> ThroughStructure(const std::vector<double>& force, double direct) {
    std::vector<double> out(n_);
    for (const Mode& mode : modes_) {
      const double gain = std::exp(0.9 * r_.Normal());
      Resonator resonator(mode.hz, mode.damping, out_.rate_hz);
      for (size_t i = 0; i < n_; ++i) out[i] += gain * resonator.Step(force[i], 0);
    }
    for (size_t i = 0; i < n_; ++i) out[i] += direct * force[i];
    return out;
  }

  // Broadband noise, partly through the structure; the load may press it once or more a turn.
  std::vector<double> Noise() {
    const double depth = Chance(r_, 0.35) ? r_.Uniform(0.05, 0.7) : 0;
    const int times = r_.Integer(1, 6);
    const double colour = Chance(r_, 0.5) ? r_.Uniform(-0.3, 0.9) : 0;
    std::vector<double> force(n_);
    double last = 0;
    for (size_t i = 0; i < n_; ++i) {
      last = colour * last + r_.Normal();
      force[i] = last * (1 + depth * std::cos(kTurn * times * turns_[i]));
    }
    std::vector<double> direct = force, ringing = ThroughStructure(force, 0);
    Normalise(direct);
    Normalise(ringing);
    const double share = r_.Uniform(0.1, 1.5);
    Add(direct, ringing, share);
    Normalise(direct);
    return direct;
  }

  void Tone(std::vector<double>& x, double order, double amplitude, double beat, double beats) {
    const double phase = r_.Uniform();
    for (size_t i = 0; i < n_; ++i) {
      const double depth = beat > 0 ? 1 + beat * std::cos(kTurn * beats * turns_[i]) : 1;
      x[i] += amplitude * depth * std::sin(kTurn * (order * turns_[i] + phase));
    }
  }

  // Shaft harmonics, meshing teeth or blades with their beat, the mains and a drive's switching.
  std::vector<double> Tones() {
    std::vector<double> x(n_);
    const int harmonics = r_.Integer(1, 6);
    for (int h = 1; h <= harmonics; ++h) Tone(x, h, std::exp(r_.Normal()) / h, 0, 0);
    if (Chance(r_, 0.4)) {
      const int teeth = r_.Integer(5, 80);
      const double ratio = Chance(r_, 0.5) ? 1 : r_.Uniform(0.2, 4);  // of another shaft
      for (int h = 1; h <= 3; ++h)
        Tone(x, teeth * h * ratio, std::exp(r_.Normal()) / h, r_.Uniform(0, 0.6), ratio);
    }
    const double mains = Chance(r_, 0.5) ? 100 : 120;
    if (Chance(r_, 0.4)) Tone(x, mains / shaft_hz_, std::exp(r_.Normal()), 0, 0);
    if (Chance(r_, 0.2))
      Tone(x, LogUniform(r_, 1500, 0.45 * out_.rate_hz) / shaft_hz_, std::exp(r_.Normal()),
           r_.Uniform(0, 0.5), mains / shaft_hz_);
    Normalise(x);
    return x;
  }

  // One strike's force from sample `at` on. Between two samples it is shared by both.
  void Strike(std::vector<double>& force, double at, double size, Strikes kind, double spall_s,
              double burst_s) {
    const auto put = [&](double where, double value) {
      if (where < 0 || where >= static_cast<double>(n_ - 1)) return;
      const auto i = static_cast<size_t>(where);
      const double part = where - static_cast<double>(i);
      force[i] += value * (1 - part);
      force[i + 1] += value * part;
    };
    if (kind == Strikes::kImpulse) return put(at, size);
    if (kind == Strikes::kBurst) {
      const double length = burst_s * out_.rate_hz;
      const auto samples = static_cast<int>(std::ceil(3 * length));
      for (int t = 0; t < samples; ++t) put(at + t, size * std::exp(-t / length) * r_.Normal());
      return;
    }
    const double width = std::max(3.0, 0.6 * spall_s * out_.rate_hz);
    const auto samples = static_cast<int>(std::ceil(width));
    for (int t = 0; t < samples; ++t)
      put(at + t, -0.8 * size / width * std::sin(std::numbers::pi * t / width));
    put(at + spall_s * out_.rate_hz, size);
  }

  struct Train {
    double order = 1;       // strikes a turn
    double jitter = 0.01;   // of an interval; it adds up, as slip does
    double spread = 0.2;    // of sizes
    double zone_order = 0;  // how often a turn the defect passes the load
    double zone_depth = 0;
    double zone_power = 1;
    double second = 1;  // size of every second strike
    double absent = 0;  // share of time in which it does not strike at all
    Strikes kind = Strikes::kImpulse;
  };

  std::vector<double> Run(const Train& train) {
    std::vector<double> force(n_);
    const double interval_s = 1 / (train.order * shaft_hz_);
    const double spall_s = std::min(r_.Uniform(0.03, 0.25) * interval_s, 4e-3);
    const double burst_s = std::min(LogUniform(r_, 2e-4, 2e-3), 0.3 * interval_s);
    const double phase = r_.Uniform();
    double next = turns_[0] + r_.Uniform() / train.order;
    bool second = false, present = true;
    for (size_t i = 1; i < n_; ++i) {
      if (turns_[i] < next) continue;
      if (train.absent > 0 && Chance(r_, 0.08)) present = !Chance(r_, train.absent);
      const double part = (next - turns_[i - 1]) / (turns_[i] - turns_[i - 1]);
      const double face = 0.5 + 0.5 * std::cos(kTurn * (train.zone_order * next + phase));
      const double zone =
          1 - train.zone_depth + train.zone_depth * std::pow(face, train.zone_power);
      const double size =
          zone * std::max(0.0, 1 + train.spread * r_.Normal()) * (second ? train.second : 1);
      if (present)
        Strike(force, static_cast<double>(i - 1) + part, size, train.kind, spall_s, burst_s);
      second = !second;
      next += std::max(0.2, 1 + train.jitter * r_.Normal()) / train.order;
    }
    std::vector<double> out = ThroughStructure(force, r_.Uniform(0, 0.5));
    NormalisePeaks(out);
    return out;
  }

  std::vector<double> DefectSignal() {
    const dsp::BearingOrders& o = out_.orders;
    const double slip = 1 - (Chance(r_, 0.9) ? r_.Uniform(0, 0.018) : r_.Uniform(-0.005, 0));
    Train t{.jitter = LogUniform(r_, 0.001, 0.02),
            .spread = r_.Uniform(0.03, 0.5),
            .zone_power = r_.Uniform(0.7, 3),
            .kind = out_.strikes};
    switch (out_.defect) {
      case Defect::kOuter:  // stands still in the load; unbalance or a tilted cage may move that
        t.order = o.bpfo * slip;
        t.zone_order = Chance(r_, 0.6) ? 1 : o.ftf;
        t.zone_depth = Chance(r_, 0.5) ? 0 : r_.Uniform(0, 0.5);
        break;
      case Defect::kInner:
        t.order = o.bpfi * slip;
        t.zone_order = 1;
        t.zone_depth = Chance(r_, 0.15) ? 0 : r_.Uniform(0.2, 1);
        break;
      case Defect::kBall:  // strikes both races, not equally hard; may roll beside the defect
        t.order = 2 * o.bsf * slip;
        t.zone_order = o.ftf * slip;
        t.zone_depth = Chance(r_, 0.15) ? 0 : r_.Uniform(0.2, 1);
        t.second = Chance(r_, 0.2) ? 0 : r_.Uniform(0.1, 1);
        t.absent = Chance(r_, 0.4) ? r_.Uniform(0.1, 0.7) : 0;
        break;
      case Defect::kNone:
        break;
    }
    return Run(t);
  }

  // What passes a worn element or ring is felt at the other rings' frequencies too, more softly.
  std::vector<double> Echo() {
    const dsp::BearingOrders& o = out_.orders;
    const bool outer =
        out_.defect == Defect::kInner || (out_.defect == Defect::kBall && Chance(r_, 0.5));
    return Run({.order = (outer ? o.bpfo : o.bpfi) * (1 - r_.Uniform(0, 0.015)),
                .jitter = LogUniform(r_, 0.002, 0.02),
                .spread = 0.4,
                .zone_order = 1,
                .zone_depth = outer ? 0 : r_.Uniform(0.3, 1)});
  }

  // Something periodic that is no part of this bearing: another bearing, a tooth, a belt.
  std::vector<double> Stranger() {
    const dsp::BearingOrders& o = out_.orders;
    double order = 1;
    bool kin = true;
    while (kin) {
      order = LogUniform(r_, 0.25, 14);
      kin = false;
      for (const double mine : {o.bpfo, o.bpfi, 2 * o.bsf, o.bsf, o.ftf})
        for (const double m : {1.0 / 3, 0.5, 1.0, 2.0, 3.0})
          kin = kin || std::abs(order / (mine * m) - 1) < 0.05;
    }
    const std::array kinds = {Strikes::kImpulse, Strikes::kBurst};
    return Run({.order = order,
                .jitter = LogUniform(r_, 1e-4, 0.02),
                .spread = r_.Uniform(0.03, 0.5),
                .zone_order = Chance(r_, 0.5) ? 1 : r_.Uniform(0.2, 1),
                .zone_depth = Chance(r_, 0.5) ? 0 : r_.Uniform(0, 1),
                .kind = kinds[static_cast<size_t>(r_.Integer(0, 1))]});
  }

  std::vector<double> ShaftBlows() {
    return Run({.order = static_cast<double>(Chance(r_, 0.6) ? 1 : r_.Integer(2, 6)),
                .jitter = LogUniform(r_, 1e-4, 3e-3),
                .spread = r_.Uniform(0.03, 0.5)});
  }

  std::vector<double> RandomBlows() {
    std::vector<double> force(n_);
    const double chance = LogUniform(r_, 0.5, 60) / out_.rate_hz;
    for (double& f : force)
      if (Chance(r_, chance)) f = std::exp(0.7 * r_.Normal());
    std::vector<double> out = ThroughStructure(force, r_.Uniform(0, 0.5));
    double peak = 0;
    for (const double v : out) peak = std::max(peak, std::abs(v));
    if (peak > 0)
      for (double& v : out) v /= peak;
    return out;
  }

  // The sensor's own limit, its range and its steps.
  void Sense(std::vector<double>& x) {
    if (Chance(r_, 0.5)) {
      const double hold = std::exp(-kTurn * LogUniform(r_, 3e3, 2e4) / out_.rate_hz);
      double y = 0;
      for (double& v : x) v = y = hold * y + (1 - hold) * v;
    }
    Normalise(x);
    const double range = Chance(r_, 0.1) ? r_.Uniform(2.5, 6) : 1e9;
    const double step = Chance(r_, 0.3) ? LogUniform(r_, 1e-4, 0.1) : 0;
    const double scale = LogUniform(r_, 0.01, 100), offset = r_.Normal();
    out_.samples.resize(n_);
    for (size_t i = 0; i < n_; ++i) {
      double v = std::clamp(x[i], -range, range);
      if (step > 0) v = std::round(v / step) * step;
      out_.samples[i] = static_cast<float>(scale * (v + offset));
    }
  }

  World world_;
  Random& r_;
  RigRecording out_;
  double shaft_hz_ = 0;
  size_t n_ = 0;
  std::vector<double> turns_;
  std::vector<Mode> modes_;
};

}  // namespace

RigRecording DrawRig(Defect defect, Strikes strikes, World world, Random& random, double seconds) {
  return Rig(world, random, seconds).Make(defect, strikes);
}

}  // namespace millwright::machines
