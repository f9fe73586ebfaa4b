#include "agent/evidence.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millwright::agent {
namespace {

constexpr double kSlipTolerance = 0.02;    // a rolling bearing slips 1 to 2 %
constexpr double kStandsOut = 4;           // peak over the median of its surroundings
constexpr double kEnvelopeLoShare = 0.1;   // of the sampling rate: above most rotating lines,
constexpr double kEnvelopeHiShare = 0.45;  // below the anti-aliasing filter
constexpr size_t kSpectrumLinesMax = 2048;

}  // namespace

Evidence::Evidence(const Plan& plan, size_t asset)
    : plan_(plan), asset_(plan.assets[asset]), session_(plan.engine) {
  output_.resize(plan.manifest.classes.size());
}

float Evidence::Score(std::span<const int8_t> window) {
  session_.ResetState();
  session_.Run(window, output_);
  const nn::TensorInfo& out = plan_.engine->output();
  const auto healthy = static_cast<size_t>(plan_.manifest.healthy_class());
  return 1 - static_cast<float>(output_[healthy] - out.zero_point) * out.scale;
}

std::vector<Contribution> Evidence::Explain(std::span<const int8_t> window, size_t count) {
  const size_t features = asset_.schema.features.size();
  const auto mean = static_cast<int8_t>(std::clamp(plan_.engine->input().zero_point, -128, 127));
  const float full = Score(window);
  std::vector<Contribution> out;
  std::vector<int8_t> occluded(window.size());
  float total = 0;
  for (size_t f = 0; f < features; ++f) {
    std::copy(window.begin(), window.end(), occluded.begin());
    for (size_t i = f; i < occluded.size(); i += features) occluded[i] = mean;
    const float fall = std::max(full - Score(occluded), 0.0F);
    out.push_back({f, fall});
    total += fall;
  }
  for (Contribution& c : out) c.share = total > 0 ? c.share / total : 0;
  std::stable_sort(out.begin(), out.end(),
                   [](const Contribution& a, const Contribution& b) { return a.share > b.share; });
  while (!out.empty() && (out.size() > count || out.back().share <= 0)) out.pop_back();
  return out;
}

void Evidence::Look(const std::string& name, double hz, std::span<const float> spectrum,
                    float line_hz, const std::map<std::string, float>& baseline,
                    SpectraOf& out) const {
  if (!(hz > 0) || hz >= static_cast<double>(line_hz) * static_cast<double>(spectrum.size()))
    return;
  const double line = static_cast<double>(line_hz);
  const auto lo = static_cast<size_t>(std::max(hz * (1 - kSlipTolerance) / line, 1.0));
  const size_t hi =
      std::min(static_cast<size_t>(hz * (1 + kSlipTolerance) / line) + 1, spectrum.size() - 1);
  if (lo > hi) return;
  const auto peak = std::max_element(spectrum.begin() + static_cast<std::ptrdiff_t>(lo),
                                     spectrum.begin() + static_cast<std::ptrdiff_t>(hi) + 1);
  std::vector<float> scratch;
  const bool found = dsp::PeakToFloor(spectrum, line, hz, kSlipTolerance, scratch) >= kStandsOut;
  Mark mark{.name = name, .expected_hz = static_cast<float>(hz)};
  if (found) mark.found_hz = static_cast<float>(peak - spectrum.begin()) * line_hz;
  const auto before = baseline.find(name);
  if (before != baseline.end() && before->second > 0) mark.times_baseline = *peak / before->second;
  out.amplitudes[name] = *peak;
  out.marks.push_back(std::move(mark));
}

SpectraOf Evidence::Analyse(size_t channel, std::span<const float> samples, double speed_hz,
                            const std::map<std::string, float>& baseline) {
  const dsp::ChannelSpec& spec = asset_.settings->channels[channel].spec;
  if (!analyzer_ || analyzed_samples_ != samples.size()) {
    const std::vector<dsp::Band> bands = {
        {spec.rate_hz * kEnvelopeLoShare, spec.rate_hz * kEnvelopeHiShare}};
    analyzer_ = std::make_unique<dsp::Analyzer>(spec.rate_hz, samples.size(), bands);
    analyzed_samples_ = samples.size();
  }
  analyzer_->Load(samples);
  SpectraOf out;
  out.line_hz = static_cast<float>(analyzer_->line_hz());
  const double to_mm_s = dsp::AccelerationFactor(spec.unit) * 1000;
  const std::span<const float> power = analyzer_->power();
  out.velocity.resize(std::min(power.size(), kSpectrumLinesMax));
  for (size_t i = 1; i < out.velocity.size() && to_mm_s > 0; ++i) {
    const double radians = 2 * std::numbers::pi * static_cast<double>(i) * analyzer_->line_hz();
    out.velocity[i] =
        static_cast<float>(std::sqrt(static_cast<double>(power[i])) / radians * to_mm_s);
  }
  const std::span<const float> envelope = analyzer_->Envelope(0);
  out.envelope.assign(
      envelope.begin(),
      envelope.begin() + static_cast<std::ptrdiff_t>(std::min(envelope.size(), kSpectrumLinesMax)));
  if (!out.envelope.empty()) out.envelope[0] = 0;  // the mean is no line
  const dsp::MachineSpec& machine = asset_.settings->machine;
  if (to_mm_s > 0) {
    Look("1x", speed_hz, out.velocity, out.line_hz, baseline, out);
    Look("2x", 2 * speed_hz, out.velocity, out.line_hz, baseline, out);
  }
  Look("BPFO", machine.bpfo * speed_hz, out.envelope, out.line_hz, baseline, out);
  Look("BPFI", machine.bpfi * speed_hz, out.envelope, out.line_hz, baseline, out);
  Look("2xBSF", 2 * machine.bsf * speed_hz, out.envelope, out.line_hz, baseline, out);
  Look("FTF", machine.ftf * speed_hz, out.envelope, out.line_hz, baseline, out);
  return out;
}

}  // namespace millwright::agent
