// What a window of vibration says about a rolling bearing, as numbers that depend on neither unit,
// scale, rate nor rig: how far the harmonics of each defect's frequency stand out of the squared
// envelope spectrum, compared with combs at frequencies that mean nothing.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/result.h"
#include "dsp/bearing.h"
#include "dsp/envelope_comb.h"

namespace millwright::dsp {

constexpr size_t kBearingFeatures = 34;
using BearingFeatures = std::array<float, kBearingFeatures>;

[[nodiscard]] std::span<const std::string_view> BearingFeatureNames();

/// Describes windows of one length. Allocates; about 20 ms for 60,000 samples.
/// Sources: Randall and Antoni 2011, "Rolling element bearing diagnostics - a tutorial" (squared
/// envelope, slip); Borghesani et al. 2013 (cepstral pre-whitening).
class BearingDescriber {
 public:
  /// At least 256 samples, a rate above 0.
  BearingDescriber(size_t samples, double rate_hz) : envelopes_(samples, rate_hz) {}
  /// kInvalid where shaft speed or an order is not above 0, or the window is shorter than 6 turns
  /// of the shaft.
  [[nodiscard]] Result<BearingFeatures> Describe(std::span<const float> samples, double shaft_hz,
                                                 const BearingOrders& orders);

 private:
  EnvelopeMaker envelopes_;
};

/// Orders with what is missing (0) found from the rest, for a contact angle of 0: outer and inner
/// race give the number of elements and with it the others. kInvalid where that is not possible.
[[nodiscard]] Result<BearingOrders> CompleteOrders(BearingOrders orders);

}  // namespace millwright::dsp
