#include "dsp/analyzer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/check.h"

namespace millwright::dsp {
namespace {

// Neighbours on each side that make the floor: a quarter of the frequency, but enough lines for a
// stable median and few enough to stay local.
constexpr size_t kFloorLinesMin = 12;
constexpr size_t kFloorLinesMax = 96;

float Square(std::complex<float> z) { return z.real() * z.real() + z.imag() * z.imag(); }

}  // namespace

double AccelerationFactor(std::string_view unit) {
  if (unit == "m/s2" || unit == "m/s^2") return 1;
  if (unit == "g") return 9.80665;
  if (unit == "mm/s2") return 1e-3;
  return 0;
}

Analyzer::EnvelopePlan::EnvelopePlan(Band band, double line_hz, size_t spectrum_lines)
    : first_line(
          std::min(spectrum_lines - 2, static_cast<size_t>(std::ceil(band.lo_hz / line_hz)))),
      lines(std::max<size_t>(
          2, std::min(spectrum_lines - first_line,
                      static_cast<size_t>(std::floor((band.hi_hz - band.lo_hz) / line_hz)) + 1))),
      // Twice the band's width: the squared envelope of a band B wide reaches up to B.
      inverse(FastSize(2 * lines)),
      forward(inverse.size()),
      shifted(inverse.size()),
      analytic(inverse.size()),
      magnitude(inverse.size()),
      spectrum(inverse.size() / 2 + 1),
      amplitude(inverse.size() / 2 + 1) {}

Analyzer::Analyzer(double rate_hz, size_t window_samples, std::vector<Band> bands)
    : fft_(FastSize(window_samples)),
      line_hz_(rate_hz / static_cast<double>(fft_.size())),
      hann_(window_samples),
      padded_(fft_.size()),
      spectrum_(fft_.size() / 2 + 1),
      power_(fft_.size() / 2 + 1),
      scratch_(2 * kFloorLinesMax + 1) {
  double fourth = 0;
  for (size_t i = 0; i < window_samples; ++i) {
    const double phase =
        2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(window_samples);
    const double w = 0.5 - 0.5 * std::cos(phase);
    hann_[i] = static_cast<float>(w);
    hann_square_sum_ += w * w;
    fourth += w * w * w * w;
  }
  // The window itself makes a signal look impulsive; dividing by this leaves Gaussian noise at 2.
  hann_fourth_mean_ratio_ =
      fourth * static_cast<double>(window_samples) / (hann_square_sum_ * hann_square_sum_);
  for (const Band& band : bands) envelopes_.emplace_back(band, line_hz_, power_.size());
}

void Analyzer::Load(std::span<const float> window) {
  MW_CHECK(window.size() == hann_.size());
  LoadMoments(window);
  LoadSpectrum(window);
  for (EnvelopePlan& plan : envelopes_) LoadEnvelope(plan);
}

void Analyzer::LoadMoments(std::span<const float> window) {
  const double n = static_cast<double>(window.size());
  double sum = 0;
  for (const float x : window) sum += static_cast<double>(x);
  const double mean = sum / n;
  double m2 = 0, m3 = 0, m4 = 0, peak = 0;
  for (const float x : window) {
    const double d = static_cast<double>(x) - mean;
    const double d2 = d * d;
    m2 += d2;
    m3 += d2 * d;
    m4 += d2 * d2;
    peak = std::max(peak, std::abs(d));
  }
  m2 /= n;
  m3 /= n;
  m4 /= n;
  moments_ = {.mean = mean, .rms = std::sqrt(m2), .peak = peak};
  if (m2 > 1e-20) {
    moments_.skewness = m3 / (m2 * moments_.rms);
    moments_.kurtosis = m4 / (m2 * m2);
  }
}

void Analyzer::LoadSpectrum(std::span<const float> window) {
  const float mean = static_cast<float>(moments_.mean);
  for (size_t i = 0; i < window.size(); ++i) padded_[i] = (window[i] - mean) * hann_[i];
  fft_.Run(padded_, spectrum_);  // beyond the window, padded_ stays zero
  const double scale = 2.0 / (static_cast<double>(fft_.size()) * hann_square_sum_);
  const float two_sided = static_cast<float>(scale);
  for (size_t k = 0; k < power_.size(); ++k) power_[k] = Square(spectrum_[k]) * two_sided;
  power_.front() *= 0.5F;
  power_.back() *= 0.5F;
}

// Band-pass, Hilbert transform and decimation at once: the band's positive lines, moved to 0 Hz and
// transformed back, are the complex envelope; the Hann window that is already on it serves the
// second spectrum as well.
void Analyzer::LoadEnvelope(EnvelopePlan& plan) {
  std::ranges::fill(plan.shifted, std::complex<float>(0, 0));
  std::copy_n(spectrum_.begin() + static_cast<std::ptrdiff_t>(plan.first_line), plan.lines,
              plan.shifted.begin());
  plan.inverse.Run(plan.shifted, plan.analytic);
  // Amplitude of the analytic signal in the channel's unit: 2 / N.
  const float scale = 2.0F / static_cast<float>(fft_.size());
  double second = 0, fourth = 0;
  for (size_t i = 0; i < plan.analytic.size(); ++i) {
    const float square = Square(plan.analytic[i]) * scale * scale;
    second += static_cast<double>(square);
    fourth += static_cast<double>(square) * static_cast<double>(square);
    plan.magnitude[i] = std::sqrt(square);
  }
  const double n = static_cast<double>(plan.analytic.size());
  const double padding = static_cast<double>(hann_.size()) / static_cast<double>(fft_.size());
  plan.kurtosis =
      second > 1e-20 ? fourth * n * padding / (second * second * hann_fourth_mean_ratio_) : 0;
  plan.forward.Run(plan.magnitude, plan.spectrum);
  // Hann halves an amplitude; a line has two sides: 2 x 2 / n, over the share of the plan that the
  // window fills.
  const float line_scale = static_cast<float>(4.0 / (n * padding));
  for (size_t k = 0; k < plan.amplitude.size(); ++k)
    plan.amplitude[k] = std::sqrt(Square(plan.spectrum[k])) * line_scale;
}

size_t Analyzer::LineAtLeast(double hz) const {
  const double line = std::ceil(hz / line_hz_ - 1e-9);
  return line <= 0 ? 0 : std::min(power_.size(), static_cast<size_t>(line));
}

double Analyzer::BandPower(double lo_hz, double hi_hz) const {
  double sum = 0;
  const size_t end = std::min(power_.size(), LineAtLeast(hi_hz) + 1);
  for (size_t k = LineAtLeast(lo_hz); k < end && static_cast<double>(k) * line_hz_ <= hi_hz + 1e-9;
       ++k)
    sum += static_cast<double>(power_[k]);
  return sum;
}

double Analyzer::VelocityPower(double lo_hz, double hi_hz) const {
  double sum = 0;
  for (size_t k = std::max<size_t>(1, LineAtLeast(lo_hz)); k < power_.size(); ++k) {
    const double hz = static_cast<double>(k) * line_hz_;
    if (hz > hi_hz + 1e-9) break;
    const double omega = 2 * std::numbers::pi * hz;
    sum += static_cast<double>(power_[k]) / (omega * omega);
  }
  return sum;
}

double Analyzer::PeakToFloor(size_t index, double hz, double tolerance) const {
  return dsp::PeakToFloor(envelopes_[index].amplitude, line_hz_, hz, tolerance, scratch_);
}

double PeakToFloor(std::span<const float> amplitude, double line_hz, double hz, double tolerance,
                   std::vector<float>& scratch) {
  const double centre = hz / line_hz;
  if (centre < 3 || centre * (1 + tolerance) + 1 >= static_cast<double>(amplitude.size())) return 1;
  const size_t lo = static_cast<size_t>(std::floor(centre * (1 - tolerance)));
  const size_t hi = static_cast<size_t>(std::ceil(centre * (1 + tolerance)));
  const float peak = *std::max_element(amplitude.begin() + static_cast<std::ptrdiff_t>(lo),
                                       amplitude.begin() + static_cast<std::ptrdiff_t>(hi) + 1);
  const size_t reach = std::clamp(static_cast<size_t>(centre / 4), kFloorLinesMin, kFloorLinesMax);
  const size_t middle = static_cast<size_t>(centre);
  const size_t from =
      std::max<size_t>(3, middle > reach ? middle - reach : 0);  // below: the Hann lobe of 0 Hz
  const size_t to = std::min(amplitude.size(), middle + reach + 1);
  scratch.assign(amplitude.begin() + static_cast<std::ptrdiff_t>(from),
                 amplitude.begin() + static_cast<std::ptrdiff_t>(to));
  const auto median = scratch.begin() + static_cast<std::ptrdiff_t>(scratch.size() / 2);
  std::nth_element(scratch.begin(), median, scratch.end());
  return *median > 1e-12F ? static_cast<double>(peak) / static_cast<double>(*median) : 1;
}

}  // namespace millwright::dsp
