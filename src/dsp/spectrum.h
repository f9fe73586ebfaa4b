// Spectra for people: velocity and envelope spectra of a stretch of samples, and the lines one
// looks for in them. Made after a decision, off its path; they allocate.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "dsp/analyzer.h"
#include "dsp/pipeline.h"

namespace millwright::dsp {

struct Spectrum {
  double step_hz = 0;
  std::string unit;
  std::vector<float> values;  // line k lies at k x step_hz
};

/// Velocity lines in mm/s RMS up to `hi_hz`, below 2 Hz 0 (integration would raise drift there).
/// kInvalid for fewer than 16 samples, a rate that is not above 0 or a unit that is no
/// acceleration.
[[nodiscard]] Result<Spectrum> VelocitySpectrum(std::span<const float> samples, double rate_hz,
                                                std::string_view unit, double hi_hz = 1000);

/// Amplitude of the envelope of `band`, in the samples' unit, up to `hi_hz`; the band's default is
/// the one that the envelope features take.
[[nodiscard]] Result<Spectrum> EnvelopeSpectrum(std::span<const float> samples, double rate_hz,
                                                std::string_view unit, double hi_hz = 500);
[[nodiscard]] Result<Spectrum> EnvelopeSpectrum(std::span<const float> samples, double rate_hz,
                                                std::string_view unit, double hi_hz, Band band);
[[nodiscard]] Band StandardEnvelopeBand(double rate_hz);

/// A line one looks for.
struct SpectrumMark {
  std::string name;  // "BPFO", "BPFI", "2xBSF", "FTF", "1x", "2x", "3x"
  double expected_hz = 0;
  double found_hz = 0;  // where the peak near it lies; 0: no peak stands out of the floor
  double times_baseline =
      0;  // its height over the baseline's at the same place; over the floor without a baseline
};

enum class MarkSet : uint8_t { kBearing, kShaft };

/// Looks for the bearing's lines (envelope) or the shaft's (velocity) at this speed, within 2 % for
/// slip. Orders that are not known give no mark. `baseline` may be null; it must have the same
/// step.
[[nodiscard]] std::vector<SpectrumMark> FindMarks(const Spectrum& now, const Spectrum* baseline,
                                                  const MachineSpec& machine, double speed_hz,
                                                  MarkSet set);

}  // namespace millwright::dsp
