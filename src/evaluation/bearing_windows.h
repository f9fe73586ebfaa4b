// Waveforms of bearings as windows for a net: a window is a few overlapping stretches of the
// waveform, each long enough to tell neighbouring lines apart, each described by one row.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "dsp/bearing.h"
#include "evaluation/samples.h"
#include "machines/bearing_rig.h"
#include "trainer/learner.h"

namespace millwright::evaluation {

constexpr int kBearingSteps = 4;
constexpr int kBearingClasses = 4;
[[nodiscard]] std::span<const char* const> BearingClassNames();

/// A contiguous stretch of one channel; the label, if any, holds for all of it.
struct Waveform {
  Place place{};  // end_s is not read
  double rate_hz = 0;
  dsp::BearingOrders orders{};
  std::function<double(double start_s, double end_s)> shaft_hz{};
  int label = -1;
  int group = 0;
};

/// Collects windows; Done gives them as samples.
class BearingWindows {
 public:
  /// `stretch_s` 0: as many seconds as 45 turns take, within 0.5 .. 3. Above 0: that long, as a
  /// gateway has them, whatever the speed.
  explicit BearingWindows(double stretch_s = 0) : stretch_s_(stretch_s) {}
  /// At most `limit` windows, spread evenly over the waveform. None where it is shorter than 6
  /// turns of the shaft. Returns how many.
  [[nodiscard]] Result<int> Add(const Waveform& about, std::span<const float> samples, int limit);
  [[nodiscard]] Samples Done() &&;

 private:
  double stretch_s_ = 0;
  std::vector<float> rows_;
  Samples out_;
};

/// `count` simulated rigs, one class after the other, one window each.
struct RigDraw {
  int count = 0;
  machines::World world = machines::World::kAll;
  std::vector<machines::Strikes> strikes{};  // in turn
  uint64_t seed = 1;
  double stretch_s = 0;  // as BearingWindows has it; above 0, recordings are as long as a window
};
struct DrawnRigs {
  Samples samples{};
  std::vector<double> strengths{};  // machines::RigRecording::strength of each window
};
[[nodiscard]] Result<DrawnRigs> SimulateBearings(const RigDraw& draw,
                                                 const std::function<void(double)>& done);

/// The plain rule: of the three defects the one that stands out most, unless none does.
[[nodiscard]] std::vector<float> EnvelopeRule(const Samples& samples, double threshold);

}  // namespace millwright::evaluation
