// The feature kinds `bearing_...`: columns of what BearingDescriber says of one window, which is
// asked once for all of them.
#pragma once

#include <vector>

#include "dsp/bearing.h"
#include "dsp/features.h"

namespace millwright::dsp {

/// "bearing_" + each of BearingFeatureNames(), in that order.
[[nodiscard]] std::vector<FeatureKind> BearingKinds();

/// The machine's orders, what is missing found from the rest. kInvalid where that is not possible.
[[nodiscard]] Result<BearingOrders> OrdersOf(const MachineSpec& machine);

}  // namespace millwright::dsp
