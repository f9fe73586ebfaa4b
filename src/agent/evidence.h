// What explains an alarm, worked out after the decision and off its thread: what moved the score,
// and which fault frequencies stand out of the spectra.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/plan.h"
#include "dsp/analyzer.h"
#include "nn/session.h"

namespace millwright::agent {

struct Contribution {
  size_t feature = 0;
  float share = 0;  // of the score, 0..1; all shares together are at most 1
};

struct Mark {
  std::string name;  // "BPFO", "BPFI", "2xBSF", "FTF", "1x", "2x"
  float expected_hz = 0;
  float found_hz = 0;        // 0: nothing stands out there
  float times_baseline = 0;  // amplitude over the amplitude at commissioning; 0: no baseline
};

struct SpectraOf {
  float line_hz = 0;
  std::vector<float> velocity;              // mm/s per line
  std::vector<float> envelope;              // channel's unit per line
  std::vector<Mark> marks;                  // of both
  std::map<std::string, float> amplitudes;  // by mark name: what a baseline remembers
};

/// One asset's. Not thread-safe.
class Evidence {
 public:
  Evidence(const Plan& plan, size_t asset);

  /// By occlusion: each feature is held at its healthy mean over the whole window, and the score's
  /// fall is its part (Zeiler and Fergus 2014). Largest first, at most `count`.
  [[nodiscard]] std::vector<Contribution> Explain(std::span<const int8_t> window, size_t count);

  /// Spectra of a waveform of the schema's samples channel. `baseline`: amplitudes from
  /// commissioning.
  [[nodiscard]] SpectraOf Analyse(size_t channel, std::span<const float> samples, double speed_hz,
                                  const std::map<std::string, float>& baseline);

 private:
  [[nodiscard]] float Score(std::span<const int8_t> window);
  void Look(const std::string& name, double hz, std::span<const float> spectrum, float line_hz,
            const std::map<std::string, float>& baseline, SpectraOf& out) const;

  const Plan& plan_;
  const AssetPlan& asset_;
  nn::Session session_;
  std::vector<int8_t> output_;
  std::unique_ptr<dsp::Analyzer> analyzer_;  // made at the first waveform
  size_t analyzed_samples_ = 0;
};

}  // namespace millwright::agent
