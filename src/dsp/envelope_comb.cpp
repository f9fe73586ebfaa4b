#include "dsp/envelope_comb.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "core/check.h"
#include "dsp/fft.h"

namespace millwright::dsp {
namespace {

using Complex = std::complex<float>;

constexpr size_t kBands = 8;
constexpr float kRatioMax = 7;
constexpr int kSlips = 25;  // the same for every comb, so that all have the same luck
constexpr double kAvoidLines = 2.5;
constexpr double kWeights[] = {1, 0.9, 0.8, 0.6, 0.5};

// The largest FastSize that is not above n.
size_t FastSizeWithin(size_t n) {
  n -= n % 2;
  while (FastSize(n) != n) n -= 2;
  return n;
}

// A short taper: without it the jump from the last sample to the first rings in every band.
std::vector<float> MakeTaper(size_t n) {
  std::vector<float> out(n, 1);
  const size_t edge = n / 40 + 1;
  for (size_t i = 0; i < edge; ++i) {
    const double turn = (static_cast<double>(i) + 0.5) / static_cast<double>(edge);
    out[i] = out[n - 1 - i] = static_cast<float>(0.5 - 0.5 * std::cos(std::numbers::pi * turn));
  }
  return out;
}

std::vector<float> MakeHann(size_t n) {
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i)
    out[i] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                                     static_cast<double>(n)));
  return out;
}

float Median(std::span<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Widen(LogRatios& lines) {
  const size_t n = lines.values.size();
  lines.widened = lines.values;
  for (size_t k = 1; k + 1 < n; ++k)
    lines.widened[k] = std::max({lines.values[k - 1], lines.values[k], lines.values[k + 1]});
}

// Floors are medians of blocks, with straight lines between their middles.
void ToRatios(std::span<const float> power, double floor_hz, LogRatios& out) {
  const size_t n = power.size();
  const size_t block =
      std::clamp<size_t>(static_cast<size_t>(floor_hz / out.step_hz), 16, std::max<size_t>(16, n));
  std::vector<float> floors, scratch;
  for (size_t from = 0; from < n; from += block) {
    const size_t to = std::min(n, from + block);
    const size_t begin = to - from < block && to > block ? to - block : from;
    scratch.assign(power.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(begin, 3)),
                   power.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(to, 4)));
    floors.push_back(std::max(Median(scratch), 1e-30F));
  }
  out.values.resize(n);
  for (size_t k = 0; k < n; ++k) {
    const double at = static_cast<double>(k) / static_cast<double>(block) - 0.5;
    const double low = std::clamp(std::floor(at), 0.0, static_cast<double>(floors.size() - 1));
    const size_t i = static_cast<size_t>(low), j = std::min(i + 1, floors.size() - 1);
    const auto share = static_cast<float>(std::clamp(at - low, 0.0, 1.0));
    const float floor = floors[i] * (1 - share) + floors[j] * share;
    out.values[k] = std::clamp(std::log(power[k] / floor), 0.0F, kRatioMax);
  }
  std::fill_n(out.values.begin(), std::min<size_t>(n, 3), 0.0F);  // what is left of the mean
  Widen(out);
}

// The squared envelope of lines first .. first + count - 1 and its spectrum. Twice as many points
// as lines: squaring doubles the width.
class Demodulator {
 public:
  Demodulator(size_t first, size_t count)
      : first_(first),
        count_(count),
        n_(FastSize(2 * std::max<size_t>(count, 32))),
        inverse_(n_),
        forward_(n_),
        hann_(MakeHann(n_)),
        shifted_(n_),
        analytic_(n_),
        square_(n_),
        spectrum_(n_ / 2 + 1) {}

  LogRatios Run(std::span<const Complex> lines, double step_hz, double floor_hz, double hi_hz,
                bool whiten) {
    LogRatios out{.step_hz = step_hz};
    if (count_ < 32) return out;
    for (size_t k = 0; k < count_; ++k) {
      const Complex x = lines[first_ + k];
      const float size = whiten ? std::sqrt(std::norm(x)) : 1;
      shifted_[k] = size > 0 ? x / size : Complex{};
    }
    inverse_.Run(shifted_, analytic_);
    double mean = 0, fourth = 0;
    for (size_t i = 0; i < n_; ++i) {
      square_[i] = std::norm(analytic_[i]);
      mean += static_cast<double>(square_[i]) / static_cast<double>(n_);
    }
    if (!(mean > 0)) return out;
    const auto scale = static_cast<float>(1 / mean);
    for (size_t i = 0; i < n_; ++i) {
      const float relative = square_[i] * scale;
      fourth += static_cast<double>(relative * relative);
      square_[i] = (relative - 1) * hann_[i];
    }
    out.kurtosis = fourth / static_cast<double>(n_);
    forward_.Run(square_, spectrum_);
    const size_t keep =
        std::min({count_ * 4 / 5, static_cast<size_t>(hi_hz / step_hz) + 2, spectrum_.size()});
    std::vector<float> power(keep);
    for (size_t k = 0; k < keep; ++k) power[k] = std::norm(spectrum_[k]);
    ToRatios(power, floor_hz, out);
    return out;
  }

 private:
  size_t first_, count_, n_;
  InverseFft inverse_;
  RealFft forward_;
  std::vector<float> hann_;
  std::vector<Complex> shifted_, analytic_;
  std::vector<float> square_;
  std::vector<Complex> spectrum_;
};

// Line by line; a line that only some bands reach is the mean of those.
LogRatios Mean(std::span<const LogRatios> bands) {
  LogRatios out;
  size_t longest = 0;
  for (const LogRatios& band : bands) {
    longest = std::max(longest, band.values.size());
    out.step_hz = band.step_hz;
  }
  out.values.resize(longest);
  for (size_t k = 0; k < longest; ++k) {
    float sum = 0;
    int count = 0;
    for (const LogRatios& band : bands) {
      if (k >= band.values.size()) continue;
      sum += band.values[k];
      ++count;
    }
    out.values[k] = sum / static_cast<float>(count);
  }
  Widen(out);
  return out;
}

bool Avoided(double hz, const Comb& comb, double step_hz) {
  if (comb.avoid_hz <= 0) return false;
  return std::abs(hz - std::round(hz / comb.avoid_hz) * comb.avoid_hz) < kAvoidLines * step_hz;
}

// At one slip. Where all lines are avoided nothing can be told from the shaft's own: half counts.
double ScoreAt(const LogRatios& lines, const Comb& comb, double slip) {
  double sum = 0, weights = 0, all = 0, all_weights = 0;
  for (size_t m = 0; m < comb.multiples.size(); ++m) {
    const double hz = comb.hz * (1 + slip) * comb.multiples[m];
    if (hz > lines.step_hz * static_cast<double>(lines.values.size() - 1)) break;
    const double weight = kWeights[std::min(m, std::size(kWeights) - 1)];
    const double here = weight * LineAt(lines, hz);
    all += here;
    all_weights += weight;
    if (Avoided(hz, comb, lines.step_hz)) continue;
    sum += here;
    weights += weight;
  }
  if (weights > 0) return sum / weights;
  return all_weights > 0 ? 0.5 * all / all_weights : 0;
}

}  // namespace

struct EnvelopeMaker::Plan {
  Plan(size_t samples_in, double rate_in)
      : samples(samples_in),
        rate_hz(rate_in),
        fft(FastSizeWithin(samples)),
        step_hz(rate_hz / static_cast<double>(fft.size())),
        taper(MakeTaper(fft.size())),
        in(fft.size()),
        lines(fft.size() / 2 + 1) {
    const double hi = std::min(0.47 * rate_hz, 20e3), lo = std::min(400.0, hi / 12);
    const double width = std::log(hi / lo) / (static_cast<double>(kBands) + 0.5);
    const auto line_of = [&](double hz) { return static_cast<size_t>(hz / step_hz); };
    for (size_t b = 0; b < kBands; ++b) {
      const double from = lo * std::exp(width * static_cast<double>(b));
      const size_t first = line_of(from);
      bands.emplace_back(first, line_of(from * std::exp(1.5 * width)) - first);
    }
    bands.emplace_back(line_of(lo), line_of(hi) - line_of(lo));  // all of it, to be whitened
  }

  void Load(std::span<const float> window) {
    double mean = 0;
    for (const float s : window) mean += static_cast<double>(s);
    const auto middle = static_cast<float>(mean / static_cast<double>(window.size()));
    for (size_t i = 0; i < in.size(); ++i) in[i] = (window[i] - middle) * taper[i];
    fft.Run(in, lines);
  }

  size_t samples;
  double rate_hz;
  RealFft fft;
  double step_hz;
  std::vector<float> taper, in;
  std::vector<Complex> lines;
  std::vector<Demodulator> bands;
};

EnvelopeMaker::EnvelopeMaker(size_t samples, double rate_hz) {
  MW_CHECK(samples >= 256 && rate_hz > 0);
  plan_ = std::make_unique<Plan>(samples, rate_hz);
}
EnvelopeMaker::~EnvelopeMaker() = default;
EnvelopeMaker::EnvelopeMaker(EnvelopeMaker&&) noexcept = default;
EnvelopeMaker& EnvelopeMaker::operator=(EnvelopeMaker&&) noexcept = default;
size_t EnvelopeMaker::samples() const { return plan_->samples; }
double EnvelopeMaker::rate_hz() const { return plan_->rate_hz; }

EnvelopeSet EnvelopeMaker::Make(std::span<const float> samples, double floor_hz, double hi_hz) {
  MW_CHECK(samples.size() == plan_->samples);
  plan_->Load(samples);
  EnvelopeSet out;
  for (size_t b = 0; b < kBands; ++b) {
    out.bands.push_back(plan_->bands[b].Run(plan_->lines, plan_->step_hz, floor_hz, hi_hz, false));
    if (out.bands[b].kurtosis > out.bands[out.sharpest].kurtosis) out.sharpest = b;
  }
  out.mean = Mean(out.bands);
  out.whitened = plan_->bands[kBands].Run(plan_->lines, plan_->step_hz, floor_hz, hi_hz, true);
  return out;
}

double LineAt(const LogRatios& lines, double hz) {
  const double at = hz / lines.step_hz + 0.5;
  if (!(at >= 0 && at < static_cast<double>(lines.widened.size()))) return 0;
  return static_cast<double>(lines.widened[static_cast<size_t>(at)]);
}

CombScore Score(const LogRatios& lines, const Comb& comb) {
  CombScore best{.score = -1};
  if (lines.values.empty()) return {};
  for (int i = 0; i < kSlips; ++i) {
    const double slip = comb.slip_lo + (comb.slip_hi - comb.slip_lo) * i / (kSlips - 1);
    const double score = ScoreAt(lines, comb, slip);
    if (score > best.score) best = {score, slip};
  }
  return best;
}

}  // namespace millwright::dsp
