// From a rolling bearing's geometry to the frequencies its defects show at, as orders (multiples of
// shaft speed).
#pragma once

#include "core/result.h"

namespace millwright::dsp {

/// d and D in the same unit; the outer ring stands still.
struct BearingGeometry {
  int elements = 0;      // N
  double ball = 0;       // d, diameter of a rolling element
  double pitch = 0;      // D, diameter of the circle through their centres
  double angle_deg = 0;  // contact angle
};

struct BearingOrders {
  double bpfo = 0;  // outer race: N/2 (1 - d/D cos a)
  double bpfi = 0;  // inner race: N/2 (1 + d/D cos a)
  double bsf =
      0;  // ball spin: D/2d (1 - (d/D cos a)^2); a defect strikes both races, so twice a spin
  double ftf = 0;  // cage: 1/2 (1 - d/D cos a)
};

/// kInvalid unless 3 <= N <= 200, 0 < d < D, N balls fit on the circle, and 0 <= angle < 90.
/// Source: the kinematic formulas as in ISO 13373-3 and any bearing handbook; real lines lie 1-2 %
/// lower by slip.
[[nodiscard]] Result<BearingOrders> Orders(const BearingGeometry& geometry);

}  // namespace millwright::dsp
