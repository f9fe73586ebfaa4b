#include "dsp/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/line_limits.h"

namespace millwright::dsp {
namespace {

constexpr double kVelocityFromHz = 2;
constexpr double kStandsOut =
    2.5;  // a peak this many times its floor is one; noise rarely gets there

Result<void> Check(std::span<const float> samples, double rate_hz) {
  if (samples.size() < 16) return Fail(Errc::kInvalid, "spectrum: fewer than 16 samples");
  if (!(rate_hz > 0)) return Fail(Errc::kInvalid, "spectrum: the rate must be above 0");
  return {};
}

size_t Lines(double hi_hz, double step_hz, size_t have) {
  return std::min(have, static_cast<size_t>(std::max(0.0, hi_hz / step_hz)) + 1);
}

// The largest line within the slip of `hz`; nothing where the spectrum does not reach.
struct HighLine {
  double hz = 0;
  double height = 0;
};
HighLine FindPeak(const Spectrum& spectrum, double hz) {
  const double centre = hz / spectrum.step_hz;
  const size_t lo = static_cast<size_t>(std::max(0.0, std::floor(centre * (1 - kSlip))));
  const size_t hi = static_cast<size_t>(std::ceil(centre * (1 + kSlip)));
  HighLine peak;
  for (size_t k = lo; k <= hi && k < spectrum.values.size(); ++k) {
    const double height = static_cast<double>(spectrum.values[k]);
    if (height > peak.height) peak = {static_cast<double>(k) * spectrum.step_hz, height};
  }
  return peak;
}

struct Wanted {
  const char* name;
  double order;
};

std::vector<Wanted> WantedOrders(const MachineSpec& machine, MarkSet set) {
  if (set == MarkSet::kShaft) return {{"1x", 1}, {"2x", 2}, {"3x", 3}};
  return {{"BPFO", machine.bpfo},
          {"BPFI", machine.bpfi},
          {"2xBSF", 2 * machine.bsf},
          {"FTF", machine.ftf}};
}

}  // namespace

Band StandardEnvelopeBand(double rate_hz) {
  return {.lo_hz = kEnvelopeLoShare * rate_hz, .hi_hz = kEnvelopeHiShare * rate_hz};
}

Result<Spectrum> VelocitySpectrum(std::span<const float> samples, double rate_hz,
                                  std::string_view unit, double hi_hz) {
  MW_TRY(Check(samples, rate_hz));
  const double to_m_s2 = AccelerationFactor(unit);
  if (to_m_s2 == 0)
    return Fail(Errc::kInvalid, "spectrum: \"" + std::string(unit) + "\" is no acceleration");
  Analyzer analyzer(rate_hz, samples.size(), {});
  analyzer.Load(samples);
  Spectrum spectrum = {.step_hz = analyzer.line_hz(), .unit = "mm/s", .values = {}};
  spectrum.values.assign(Lines(hi_hz, spectrum.step_hz, analyzer.power().size()), 0);
  for (size_t k = 1; k < spectrum.values.size(); ++k) {
    const double hz = static_cast<double>(k) * spectrum.step_hz;
    if (hz < kVelocityFromHz) continue;
    const double a = std::sqrt(static_cast<double>(analyzer.power()[k])) * to_m_s2;
    spectrum.values[k] = static_cast<float>(1e3 * a / (2 * std::numbers::pi * hz));
  }
  return spectrum;
}

Result<Spectrum> EnvelopeSpectrum(std::span<const float> samples, double rate_hz,
                                  std::string_view unit, double hi_hz) {
  return EnvelopeSpectrum(samples, rate_hz, unit, hi_hz, StandardEnvelopeBand(rate_hz));
}

Result<Spectrum> EnvelopeSpectrum(std::span<const float> samples, double rate_hz,
                                  std::string_view unit, double hi_hz, Band band) {
  MW_TRY(Check(samples, rate_hz));
  if (!(band.lo_hz > 0 && band.lo_hz < band.hi_hz && band.hi_hz <= rate_hz / 2))
    return Fail(Errc::kInvalid,
                "spectrum: the envelope's band must lie between 0 and half the rate");
  Analyzer analyzer(rate_hz, samples.size(), {band});
  analyzer.Load(samples);
  Spectrum spectrum = {.step_hz = analyzer.line_hz(), .unit = std::string(unit), .values = {}};
  const std::span<const float> lines = analyzer.Envelope(0);
  const size_t count = Lines(hi_hz, spectrum.step_hz, lines.size());
  spectrum.values.assign(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count));
  // The envelope's mean and its Hann lobe say nothing about defects and would dwarf every line.
  for (size_t k = 0; k < std::min<size_t>(3, count); ++k) spectrum.values[k] = 0;
  return spectrum;
}

std::vector<SpectrumMark> FindMarks(const Spectrum& now, const Spectrum* baseline,
                                    const MachineSpec& machine, double speed_hz, MarkSet set) {
  std::vector<SpectrumMark> marks;
  std::vector<float> scratch;
  for (const Wanted& wanted : WantedOrders(machine, set)) {
    const double hz = wanted.order * speed_hz;
    if (hz <= 0 || now.step_hz <= 0) continue;
    SpectrumMark mark = {.name = wanted.name, .expected_hz = hz};
    const HighLine peak = FindPeak(now, hz);
    const double over_floor = PeakToFloor(now.values, now.step_hz, hz, kSlip, scratch);
    if (over_floor >= kStandsOut) mark.found_hz = peak.hz;
    const bool comparable =
        baseline != nullptr && std::abs(baseline->step_hz - now.step_hz) < 1e-6 * now.step_hz;
    const double before = comparable ? FindPeak(*baseline, hz).height : 0;
    mark.times_baseline = before > 1e-12 ? peak.height / before : over_floor;
    marks.push_back(std::move(mark));
  }
  return marks;
}

}  // namespace millwright::dsp
