#include "evaluation/bearing_windows.h"

#include <algorithm>
#include <cmath>

#include "dsp/bearing_features.h"

namespace millwright::evaluation {
namespace {

constexpr double kTurns = 45;  // of a stretch: lines 1/45 of the shaft speed apart
constexpr double kStretchMin_s = 0.5, kStretchMax_s = 3;
constexpr double kTurnsMin = 6;

struct Stretches {
  size_t length = 0, hop = 0;
  [[nodiscard]] size_t span() const { return length + hop * (kBearingSteps - 1); }
};

// Half-overlapping where there is enough; a short waveform is read several times over.
Stretches Plan(size_t samples, double rate_hz, double shaft_hz, double stretch_s) {
  const double want_s =
      stretch_s > 0 ? stretch_s : std::clamp(kTurns / shaft_hz, kStretchMin_s, kStretchMax_s);
  Stretches s{.length = std::min(samples, static_cast<size_t>(want_s * rate_hz))};
  s.hop = std::min(s.length / 2, (samples - s.length) / (kBearingSteps - 1));
  return s;
}

}  // namespace

std::span<const char* const> BearingClassNames() {
  static constexpr const char* kNames[] = {"healthy", "outer", "inner", "ball"};
  return kNames;
}

Result<int> BearingWindows::Add(const Waveform& about, std::span<const float> samples, int limit) {
  const double seconds = static_cast<double>(samples.size()) / about.rate_hz;
  const double shaft_hz = about.shaft_hz(about.place.start_s, about.place.start_s + seconds);
  if (!(shaft_hz > 0) || seconds * shaft_hz < kTurnsMin || samples.size() < 256) return 0;
  const Stretches s = Plan(samples.size(), about.rate_hz, shaft_hz, stretch_s_);
  const size_t room = samples.size() - s.span();
  const size_t count = std::clamp<size_t>(samples.size() / s.span(), 1, static_cast<size_t>(limit));
  dsp::BearingDescriber describer(s.length, about.rate_hz);
  for (size_t w = 0; w < count; ++w) {
    const size_t first = count > 1 ? room * w / (count - 1) : 0;
    const auto time_of = [&](size_t sample) {
      return about.place.start_s + static_cast<double>(sample) / about.rate_hz;
    };
    out_.first.push_back(static_cast<uint32_t>(rows_.size() / dsp::kBearingFeatures));
    for (size_t step = 0; step < kBearingSteps; ++step) {
      const size_t from = first + step * s.hop;
      const double hz = about.shaft_hz(time_of(from), time_of(from + s.length));
      MW_TRY(const dsp::BearingFeatures row,
             describer.Describe(samples.subspan(from, s.length), hz, about.orders));
      rows_.insert(rows_.end(), row.begin(), row.end());
    }
    out_.labels.push_back(about.label);
    out_.groups.push_back(about.group);
    out_.places.push_back({about.place.recording, time_of(first), time_of(first + s.span())});
  }
  return static_cast<int>(count);
}

Samples BearingWindows::Done() && {
  out_.steps = kBearingSteps;
  out_.features = static_cast<int>(dsp::kBearingFeatures);
  out_.classes = kBearingClasses;
  out_.rows = std::make_shared<const std::vector<float>>(std::move(rows_));
  return std::move(out_);
}

Result<DrawnRigs> SimulateBearings(const RigDraw& draw, const std::function<void(double)>& done) {
  machines::Random random(draw.seed);
  BearingWindows windows(draw.stretch_s);
  const double seconds = draw.stretch_s * (1 + (kBearingSteps - 1) / 2.0);
  DrawnRigs out;
  for (int i = 0; i < draw.count; ++i) {
    const auto defect = static_cast<machines::Defect>(i % machines::kDefects);
    const auto turn = static_cast<size_t>(i / machines::kDefects) % draw.strikes.size();
    const machines::RigRecording rig =
        machines::DrawRig(defect, draw.strikes[turn], draw.world, random, seconds);
    const Waveform about{.place = {.recording = "rig " + std::to_string(i)},
                         .rate_hz = rig.rate_hz,
                         .orders = rig.orders,
                         .shaft_hz = [&rig](double, double) { return rig.shaft_hz; },
                         .label = static_cast<int>(defect),
                         .group = i};
    MW_TRY(const int count, windows.Add(about, rig.samples, 1));
    if (count != 1) return Fail(Errc::kInternal, "bearing: a simulated recording is too short");
    out.strengths.push_back(rig.strength);
    if (done) done(static_cast<double>(i + 1) / draw.count);
  }
  out.samples = std::move(windows).Done();
  return out;
}

std::vector<float> EnvelopeRule(const Samples& samples, double threshold) {
  constexpr size_t kMargins[] = {1, 5, 9};  // outer_mean, inner_mean, ball_mean
  std::vector<float> scores;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto window = samples.Window(i);
    scores.push_back(static_cast<float>(threshold));
    for (const size_t column : kMargins) {
      float sum = 0;
      for (size_t step = 0; step < kBearingSteps; ++step)
        sum += window[step * dsp::kBearingFeatures + column];
      scores.push_back(sum / kBearingSteps);
    }
  }
  return scores;
}

}  // namespace millwright::evaluation
