// Where a machine's lines are looked for: features decide on them and spectra show them, by the
// same numbers.
#pragma once

namespace millwright::dsp {

/// Rolling elements slip: a bearing's lines lie within 2 % of their kinematic place.
inline constexpr double kSlip = 0.02;
/// The default envelope band as shares of the sampling rate, above most machine lines.
inline constexpr double kEnvelopeLoShare = 0.16;
inline constexpr double kEnvelopeHiShare = 0.45;

}  // namespace millwright::dsp
