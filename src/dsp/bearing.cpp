#include "dsp/bearing.h"

#include <cmath>
#include <numbers>

namespace millwright::dsp {

Result<BearingOrders> Orders(const BearingGeometry& g) {
  const auto fail = [](const std::string& what) {
    return Fail(Errc::kInvalid, "bearing: " + what);
  };
  if (g.elements < 3 || g.elements > 200)
    return fail("the number of rolling elements is not within 3 .. 200");
  if (!(g.ball > 0 && g.pitch > g.ball))
    return fail("the ball must be smaller than the pitch circle, and both above 0");
  if (!(g.angle_deg >= 0 && g.angle_deg < 90))
    return fail("the contact angle is not within 0 .. 90 degrees");
  if (g.elements * g.ball > std::numbers::pi * g.pitch)
    return fail("that many balls do not fit on the pitch circle");
  const double n = g.elements;
  const double ratio = g.ball / g.pitch * std::cos(g.angle_deg * std::numbers::pi / 180);
  return BearingOrders{.bpfo = n / 2 * (1 - ratio),
                       .bpfi = n / 2 * (1 + ratio),
                       .bsf = g.pitch / (2 * g.ball) * (1 - ratio * ratio),
                       .ftf = (1 - ratio) / 2};
}

}  // namespace millwright::dsp
