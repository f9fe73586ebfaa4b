// Squared envelope spectra of several bands as log ratios to their own floor, and how well a comb
// of lines (a defect's harmonics) stands out in them. Nothing here depends on a signal's unit or
// scale.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace millwright::dsp {

/// ln(line power / median of the lines around it), within 0 .. 7; line k lies at k x step_hz.
struct LogRatios {
  double step_hz = 0;
  std::vector<float> values{};   // empty: the band holds no signal
  std::vector<float> widened{};  // the largest of each line and its two neighbours
  double kurtosis = 0;           // of the band's analytic signal: Gaussian noise 2, impacts more
};

/// What the bands of one window say. Bands are even on a logarithmic axis of frequency, from 400 Hz
/// (or less at low rates) to 0.47 x rate, at most 20 kHz; each overlaps its neighbours by a half.
struct EnvelopeSet {
  std::vector<LogRatios> bands{};
  LogRatios mean{};  // over all bands, line by line
  LogRatios
      whitened{};  // all bands as one, each line's amplitude set to one (cepstral pre-whitening)
  size_t sharpest = 0;  // the band with the largest kurtosis
};

/// Planned once for windows of one length; at least 256 samples, a rate above 0.
class EnvelopeMaker {
 public:
  EnvelopeMaker(size_t samples, double rate_hz);
  ~EnvelopeMaker();
  EnvelopeMaker(EnvelopeMaker&&) noexcept;
  EnvelopeMaker& operator=(EnvelopeMaker&&) noexcept;
  /// `floor_hz`: width over which a floor is taken; lines are kept up to `hi_hz`.
  [[nodiscard]] EnvelopeSet Make(std::span<const float> samples, double floor_hz, double hi_hz);
  [[nodiscard]] size_t samples() const;
  [[nodiscard]] double rate_hz() const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/// What a comb is looked for with: lines at hz x multiples, all moved together by a slip of
/// `slip_lo` .. `slip_hi` (shares). Lines at multiples of `avoid_hz` (0: none) do not count.
struct Comb {
  double hz = 0;
  std::span<const double> multiples{};
  double slip_lo = -0.03, slip_hi = 0.008;
  double avoid_hz = 0;
};

struct CombScore {
  double score = 0;  // weighted mean log ratio of the lines at the best slip
  double slip = 0;   // that slip
};
[[nodiscard]] CombScore Score(const LogRatios& lines, const Comb& comb);

/// The largest log ratio at hz, or a line beside it; 0 beyond the spectrum.
[[nodiscard]] double LineAt(const LogRatios& lines, double hz);

}  // namespace millwright::dsp
