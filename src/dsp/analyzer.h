// What the sample features of one channel share: moments, the Hann-windowed power spectrum and
// envelope spectra of one window of samples. Planned in the constructor; Load and all getters
// allocate nothing.
#pragma once

#include <complex>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dsp/fft.h"

namespace millwright::dsp {

struct Moments {
  double mean = 0;
  double rms = 0;       // about the mean
  double peak = 0;      // largest |x - mean|
  double skewness = 0;  // 0 where the window is constant
  double kurtosis = 0;  // m4 / m2^2, Gaussian 3; 0 where the window is constant
};

/// Band of an envelope: what is demodulated.
struct Band {
  double lo_hz = 0;
  double hi_hz = 0;
  bool operator==(const Band&) const = default;
};

/// Factor from the unit of an acceleration to m/s2; 0 where `unit` is none ("m/s2", "m/s^2", "g",
/// "mm/s2").
[[nodiscard]] double AccelerationFactor(std::string_view unit);

class Analyzer {
 public:
  /// `bands` lie within (0, rate_hz / 2].
  Analyzer(double rate_hz, size_t window_samples, std::vector<Band> bands);

  /// window [window_samples]. Everything below is about the window loaded last.
  void Load(std::span<const float> window);

  [[nodiscard]] const Moments& moments() const { return moments_; }
  /// Mean square of each line, 0 .. rate/2 in steps of `line_hz`; the sum is the mean square of the
  /// window.
  [[nodiscard]] std::span<const float> power() const { return power_; }
  [[nodiscard]] double line_hz() const { return line_hz_; }
  /// Mean square between two frequencies.
  [[nodiscard]] double BandPower(double lo_hz, double hi_hz) const;
  /// The same after integration from acceleration to velocity: (unit x s)^2.
  [[nodiscard]] double VelocityPower(double lo_hz, double hi_hz) const;

  /// Amplitude spectrum of the envelope of bands[index], lines of `line_hz`.
  [[nodiscard]] std::span<const float> Envelope(size_t index) const {
    return envelopes_[index].amplitude;
  }
  /// Kurtosis of the band-limited analytic signal, E|z|^4 / (E|z|^2)^2: Gaussian noise 2, impacts
  /// more.
  [[nodiscard]] double EnvelopeKurtosis(size_t index) const { return envelopes_[index].kurtosis; }
  /// The largest line within `tolerance` (a share of `hz`) of `hz`, over the median of the lines
  /// around it.
  [[nodiscard]] double PeakToFloor(size_t index, double hz, double tolerance) const;
  [[nodiscard]] size_t bands() const { return envelopes_.size(); }

 private:
  struct EnvelopePlan {
    EnvelopePlan(Band band, double line_hz, size_t lines);
    size_t first_line;
    size_t lines;
    InverseFft inverse;
    RealFft forward;
    std::vector<std::complex<float>> shifted;   // the band moved down to 0 Hz
    std::vector<std::complex<float>> analytic;  // its time signal
    std::vector<float> magnitude;
    std::vector<std::complex<float>> spectrum;
    std::vector<float> amplitude;
    double kurtosis = 0;
  };
  void LoadMoments(std::span<const float> window);
  void LoadSpectrum(std::span<const float> window);
  void LoadEnvelope(EnvelopePlan& plan);
  [[nodiscard]] size_t LineAtLeast(double hz) const;

  RealFft fft_;
  double line_hz_;
  std::vector<float> hann_;
  double hann_square_sum_ = 0;
  double hann_fourth_mean_ratio_ = 1;
  std::vector<float> padded_;
  std::vector<std::complex<float>> spectrum_;
  std::vector<float> power_;
  std::vector<EnvelopePlan> envelopes_;
  mutable std::vector<float> scratch_;  // for the median; a cache, not state
  Moments moments_;
};

/// PeakToFloor on any amplitude spectrum. `scratch` needs room for the lines within a quarter of
/// `hz` (at least 17).
[[nodiscard]] double PeakToFloor(std::span<const float> amplitude, double line_hz, double hz,
                                 double tolerance, std::vector<float>& scratch);

}  // namespace millwright::dsp
